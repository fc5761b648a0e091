namespace PgMahout.Agent.Http;

/// <summary>What one peer may cost, in memory and in time. Beyond it the connection ends.</summary>
internal sealed record HttpLimits
{
    /// <summary>Start line and header fields of one message, without the empty line after them.</summary>
    public int HeadBytes { get; init; } = 8 << 10;

    public int BodyBytes { get; init; } = 64 << 10;

    /// <summary>Of one listener at a time; who comes beyond them is turned away.</summary>
    public int Connections { get; init; } = 64;

    /// <summary>Between two requests on one connection.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>From the first byte of a message to its last, in either direction.</summary>
    public TimeSpan Message { get; init; } = TimeSpan.FromSeconds(5);
}

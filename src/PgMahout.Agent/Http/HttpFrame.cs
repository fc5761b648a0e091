namespace PgMahout.Agent.Http;

/// <summary>What came over a connection.</summary>
internal abstract record HttpFrame
{
    private HttpFrame() { }

    public sealed record Message(HttpHead.Understood Head, ReadOnlyMemory<byte> Body) : HttpFrame;

    /// <summary>What follows on this connection cannot be told from the rest of this message.</summary>
    public sealed record Refused(HttpRefusal Refusal) : HttpFrame;

    /// <summary>The peer closed before or in the middle of a message.</summary>
    public sealed record Ended : HttpFrame;
}

using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Login;

/// <summary>What has to happen next while a proxy logs in at a server.</summary>
public abstract record ServerLoginStep
{
    private ServerLoginStep() { }

    public sealed record NeedMore : ServerLoginStep;

    public sealed record Send(ReadOnlyMemory<byte> Bytes) : ServerLoginStep;

    /// <summary>The session has begun and is idle.</summary>
    /// <param name="Parameters">What the server reported, sorted by name; compared without regard to case.</param>
    /// <param name="SecretKey">With which a statement of this session can be cancelled.</param>
    public sealed record Ready(
        ImmutableSortedDictionary<string, string> Parameters, int ProcessId, ImmutableArray<byte> SecretKey)
        : ServerLoginStep;

    /// <summary>This connection is of no further use.</summary>
    /// <param name="Error">A whole ErrorResponse, the server's own where it sent one, to be passed on.</param>
    public sealed record Failed(string SqlState, string Message, ReadOnlyMemory<byte> Error) : ServerLoginStep;
}

using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Login;

/// <summary>What has to happen next for a client that logs in.</summary>
public abstract record LoginStep
{
    private LoginStep() { }

    /// <summary>No whole packet is there yet.</summary>
    public sealed record NeedMore : LoginStep;

    /// <summary>Send this; then the client speaks.</summary>
    public sealed record Send(ReadOnlyMemory<byte> Bytes) : LoginStep;

    /// <summary>
    /// Send this in the clear; then comes the handshake, and <see cref="ClientLogin.TlsStarted"/> when it is done.
    /// What the client has sent and was not taken yet belongs to the handshake.
    /// </summary>
    /// <param name="Direct">
    /// The client began without asking: the handshake must agree on the application protocol postgresql.
    /// </param>
    public sealed record StartTls(ReadOnlyMemory<byte> Bytes, bool Direct) : LoginStep;

    /// <summary>Find this role's secret and say it by <see cref="ClientLogin.Found"/>.</summary>
    public sealed record Lookup(LoginRequest Request) : LoginStep;

    /// <summary>Not a login: cancel what this one runs, and close without an answer.</summary>
    public sealed record Cancel(int ProcessId, ImmutableArray<byte> Key) : LoginStep;

    /// <summary>
    /// The client is who it says. Send this (it ends with AuthenticationOk), then parameters, BackendKeyData and
    /// ReadyForQuery.
    /// </summary>
    public sealed record Done(ReadOnlyMemory<byte> Bytes, LoginRequest Request, ServerCredential Credential)
        : LoginStep;

    /// <summary>Send this, which may be nothing, and close.</summary>
    /// <param name="SqlState">What the client is told; 28P01: the password or the role is wrong.</param>
    /// <param name="Why">For the log; says more than the client is told.</param>
    public sealed record Refused(ReadOnlyMemory<byte> Bytes, string SqlState, string Why) : LoginStep;
}

/// <summary>What a client asked for in its startup packet.</summary>
/// <param name="User">At most 63 bytes of UTF-8.</param>
/// <param name="Database">The same; the user's name when the client named none.</param>
/// <param name="Parameters">
/// Settings for the session, those of <c>options</c> (<c>-c name=value</c>) too; without user, database, options and
/// replication. Names are compared without regard to case.
/// </param>
/// <param name="Replication">True, database, …, as the client wrote it; null: an ordinary session.</param>
public sealed record LoginRequest(
    string User, string Database, ImmutableSortedDictionary<string, string> Parameters, string? Replication);

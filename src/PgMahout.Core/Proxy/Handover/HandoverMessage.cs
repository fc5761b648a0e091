using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Handover;

/// <summary>What a proxy process and the one that takes its place say to each other.</summary>
public abstract record HandoverMessage
{
    private HandoverMessage() { }

    /// <summary>
    /// The first one, of the process that listens; with it come the descriptors of the sockets, in this order, and then
    /// the one that holds its lock.
    /// </summary>
    /// <param name="Names">What each socket is for.</param>
    /// <param name="LastNumber">The highest number that one of its clients has.</param>
    /// <param name="Paused">By an operator.</param>
    public sealed record Sockets(ImmutableArray<string> Names, int LastNumber, bool Paused) : HandoverMessage;

    /// <summary>The successor listens: from now on new clients are its.</summary>
    public sealed record Listening : HandoverMessage;

    /// <summary>With it comes the client's descriptor. It is whose process says that it has taken it.</summary>
    public sealed record Client(MovedClient Moved) : HandoverMessage;

    /// <param name="Accepted">False: it stays with the process that it is with.</param>
    public sealed record Taken(int Number, bool Accepted) : HandoverMessage;

    /// <summary>Somebody wants a statement of a client to be cancelled whom only the former process may know.</summary>
    public sealed record Cancel(int Number, ImmutableArray<byte> Key) : HandoverMessage;
}

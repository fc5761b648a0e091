using System.Collections.Immutable;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Core.Proxy.Session;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>How it goes from one process to the next: between two transactions, when nothing is on its way.</summary>
internal sealed partial class ClientConnection
{
    /// <summary>From the process before this one.</summary>
    public ClientConnection(ProxyLoop loop, int descriptor, MovedClient moved)
        : this(loop, descriptor, moved.Number, moved.ReadsOnly, isLocal: false)
    {
        _entrance = null;
        _cancelKey = moved.CancelKey;
        Since = moved.Since;
        (User, Database, Wish, Written) = (moved.User, moved.Database, moved.Wish, moved.Written);
        _writes = moved.WritesUnknown ? 1 : 0;
        Stream = new ClientStream(loop.Statements, renames: true, loop.Settings.MessageLimit);
        foreach (var (name, definition) in moved.Prepared)
            Stream.Remember(name.AsSpan(), definition.AsSpan());
        Stream.Remember([], moved.Unnamed.AsSpan());
        Parameters = loop.Parameters.Of(moved.Parameters);
        Group = loop.GroupOf(User, Database);
        Group.Credential ??= moved.Credential;
        if (Group.Reported is null)
            Group.Welcome(moved.Reported, loop.Parameters.Of(moved.Reported));
    }

    /// <summary>The next process cannot have it.</summary>
    public bool Stays { get; set; }

    /// <summary>It is between transactions, and nothing of it is known to this process only.</summary>
    public bool IsMovable =>
        !Stays && IsLoggedIn && _admin is null && !KeepsServer && !IsEncrypted && !IsClosed && !IsClosing
        && Server is null && !IsWaiting && _pending.IsEmpty && Output.IsEmpty && !State.Sending
        && !Stream.IsInMessage && Group is { Reported: not null, Credential: not null };

    public MovedClient ToMove() => new(Number, _cancelKey, Since)
    {
        User = User,
        Database = Database,
        Credential = Group!.Credential!,
        ReadsOnly = ReadsOnly,
        Wish = Wish,
        Parameters = Parameters.Values,
        Reported = Group.Reported!,
        Written = Written,
        WritesUnknown = _writesKnown < _writes,
        Prepared = [.. Stream.Prepared.Select(one => (one.Name.ToImmutableArray(), one.Definition.ToImmutableArray()))],
        Unnamed = [.. Stream.Unnamed],
    };

    /// <summary>The next process has it: here nothing is left of it.</summary>
    public void HasMoved()
    {
        IsClosed = true;
        _ = LibC.Close(Descriptor);
        Stream.Leave();
    }
}

using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Ha;

/// <summary>Something that every decision must obey, whatever the view.</summary>
/// <param name="Name">The law, as a sentence.</param>
internal sealed record Law(string Name, Func<Turn, bool> Holds)
{
    public override string ToString() => Name;
}

/// <summary>A view with its decision, and what laws ask about both.</summary>
internal readonly struct Turn(ClusterView view, Decision decision)
{
    public ClusterView View { get; } = view;

    public Decision Decision { get; } = decision;

    public Standing Standing { get; } = Standings.Of(view);

    public StoreContent? Store => View.Store.TryGet(out var store) ? store : null;

    public Leadership? Leadership => View.Leadership;

    public bool Synchronous => View.Spec.Durability != Durability.Async;

    public bool Paused => Store?.Pause is not null;

    /// <summary>The data directory is known not to be this cluster's.</summary>
    public bool IsForeign => View.Postgres switch
    {
        PostgresState.Foreign => Store is not null,
        PostgresState.Stopped stopped => IsOther(stopped.SystemIdentifier),
        PostgresState.Standby standby => IsOther(standby.SystemIdentifier),
        PostgresState.Primary primary => IsOther(primary.SystemIdentifier),
        _ => false,
    };

    public bool HasOrphans => View.Postgres is PostgresState.Stopped { ProcessesLeft: > 0 };

    /// <summary>The operator ordered this very member, by force, to take over from the recorded holder.</summary>
    public bool IsForced => Store?.Switchover is { Force: true } request
        && request.To == View.Self
        && request.From == Leadership?.Holder;

    public TAction? Find<TAction>() where TAction : HaAction
    {
        foreach (var action in Decision.Actions)
            if (action is TAction found)
                return found;
        return null;
    }

    public bool Does<TAction>() where TAction : HaAction => Find<TAction>() is not null;

    /// <summary>Every action is one that <paramref name="allowed"/> knows.</summary>
    public bool DoesOnly(Func<HaAction, bool> allowed)
    {
        foreach (var action in Decision.Actions)
            if (!allowed(action))
                return false;
        return true;
    }

    /// <summary>A member's word that is no older than the look at our own PostgreSQL.</summary>
    public MemberReport? FreshWord(MemberName name)
    {
        foreach (var peer in View.Peers)
            if (peer.Name == name && peer.Report is Reading<MemberReport>.Fresh fresh && fresh.At >= View.PostgresAt)
                return fresh.Value;
        return null;
    }

    /// <summary>How far a running standby has WAL, itself or as it says now; null for everybody else.</summary>
    public WalPosition? Received(MemberName name) =>
        (name == View.Self ? View.Postgres : FreshWord(name)?.Postgres) is PostgresState.Standby standby
            ? standby.Received
            : null;

    public bool IsSealed(MemberName name) =>
        (name == View.Self ? View.Sealed : FreshWord(name)?.Sealed) == Store?.Revision;

    private bool IsOther(ulong identifier) => Store?.SystemIdentifier is { } known && known != identifier;
}

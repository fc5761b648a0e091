using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres.Installation;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Status;

/// <summary>A cluster whose store could be read, and its records as they were then.</summary>
public sealed class ClusterAccess : IAsyncDisposable
{
    public static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(2);

    private ClusterAccess(HomeLayout home, IClusterStore store, ClusterRecords records, Stored<ClusterSpec> spec)
    {
        Home = home;
        Store = store;
        Records = records;
        StoredSpec = spec;
    }

    public HomeLayout Home { get; }

    public IClusterStore Store { get; }

    public ClusterRecords Records { get; private set; }

    public Stored<ClusterSpec> StoredSpec { get; private set; }

    public ClusterSpec Spec => StoredSpec.Value;

    /// <summary>The holder of the lease, by the records; null when it is released or nobody ever held it.</summary>
    public MemberName? Leader => Records.Leadership?.Value is { IsHeld: true } leadership ? leadership.Holder : null;

    public static async Task<Attempt<ClusterAccess>> OpenAsync(HomeLayout home, CancellationToken cancellation) =>
        (await FindAsync(home, cancellation)).TryGet(out var cluster, out var failure)
            ? cluster
            : NotTheirs(home) ?? failure;

    private static async Task<Attempt<ClusterAccess>> FindAsync(HomeLayout home, CancellationToken cancellation)
    {
        var opening = HomeStore.Open(home);
        if (opening is StoreOpening.Failed { Reason: var unread })
            return new Failure(ErrorCatalogue.HostFileUnreadable, "the store of the cluster cannot be found")
                .Because(unread)
                .Try("pgmahout deploy cluster.yml    (from where the cluster was deployed)");
        if (opening is not StoreOpening.Ready { Store: var store })
            return NoCluster(home);
        switch (await ReadAsync(store, ClusterRecords.None, cancellation))
        {
            case RecordsRead.Decoded { Records: { Spec: { } spec } records }:
                return new ClusterAccess(home, store, records, spec);
            case RecordsRead.Decoded:
                await store.DisposeAsync();
                return NoCluster(home).Because("its creation was not finished");
            case RecordsRead.Unreadable { Reason: var reason }:
                await store.DisposeAsync();
                return new Failure(ErrorCatalogue.StoreDamaged, "the store cannot be read")
                    .Because(reason)
                    .Try("pgmahout status");
            default:
                throw new InvalidOperationException("unknown result of reading the store");
        }
    }

    /// <summary>Reads everything again; the reason when that fails.</summary>
    public async Task<Failure?> RefreshAsync(CancellationToken cancellation)
    {
        switch (await ReadAsync(Store, Records, cancellation))
        {
            case RecordsRead.Decoded { Records: { Spec: { } spec } records }:
                Records = records;
                StoredSpec = spec;
                return null;
            case RecordsRead.Unreadable { Reason: var reason }:
                return new Failure(ErrorCatalogue.NoAnswer, "the store does not answer").Because(reason);
            default:
                return NoCluster(Home);
        }
    }

    /// <summary>Makes one conditional change; the reason when it is not certain that it was made.</summary>
    public async Task<Failure?> ChangeAsync(StoreTransaction change, string what, CancellationToken cancellation) =>
        await Store.WriteAsync(change, StoreLimit, cancellation) switch
        {
            WriteOutcome.Done => null,
            WriteOutcome.Refused refused => new Failure(ErrorCatalogue.StoreConflict, $"{what} was not possible")
                .Because(refused.Why)
                .Try("pgmahout status"),
            WriteOutcome.Unknown unknown => new Failure(ErrorCatalogue.StoreWrite, $"{what} was not confirmed")
                .Because(unknown.Reason)
                .Leaving("it may have been made")
                .Try("pgmahout status"),
            var other => throw new InvalidOperationException($"unknown outcome {other}"),
        };

    /// <summary>Tells the history. What cannot be told is lost: nothing depends on it.</summary>
    public Task TellAsync(JournalKind kind, MemberName? member, string text, CancellationToken cancellation) =>
        Store.AppendAsync(
            new JournalEntry(
                0,
                TimeProvider.System.GetUtcNow(),
                member,
                kind,
                Records.Leadership?.Value.Epoch ?? Epoch.Zero,
                null,
                text,
                null),
            StoreLimit,
            cancellation);

    public Attempt<MemberSpec> Find(string name)
    {
        if (MemberName.IsValid(name) && Spec.Find(new MemberName(name)) is { } member)
            return member;
        return new Failure(ErrorCatalogue.UnknownMember, $"there is no member '{name}'")
            .Because($"the members are {string.Join(", ", Spec.Members.Select(other => other.Name))}")
            .Try("pgmahout status");
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    private static async Task<RecordsRead> ReadAsync(
        IClusterStore store, ClusterRecords previous, CancellationToken cancellation) =>
        await store.ReadAsync(StoreLimit, cancellation) switch
        {
            StoreRead.Content content => ClusterRecords.Decode(content, previous),
            StoreRead.Unreachable unreachable => new RecordsRead.Unreadable(unreachable.Reason),
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };

    /// <summary>Whoever may not read a store must not be told that it is damaged, and what to destroy then.</summary>
    private static Failure? NotTheirs(HomeLayout home)
    {
        if (Environment.IsPrivilegedProcess || ServerAccount.OwnerOf(home.Root) is not { } owner
            || !ServerAccount.Find().TryGet(out var caller) || caller.Uid == owner)
            return null;
        var who = owner == 0 ? "sudo" : $"sudo -u '#{owner}'";
        return new Failure(ErrorCatalogue.NotYourHome, $"{home.Root} belongs to another user")
            .Because($"its owner is {(owner == 0 ? "root" : $"the user {owner}")}, and you are {caller.Name}")
            .Try($"{who} pgmahout ... --home {home.Root}");
    }

    private static Failure NoCluster(HomeLayout home) =>
        new Failure(ErrorCatalogue.NoCluster, $"there is no cluster in {home.Root}").Try("pgmahout up");
}

using PgMahout.Agent.Api;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Agent.Loop;

/// <summary>
/// The writes of the leadership record. Each notes the moment before it was sent; an answer that is lost leaves the
/// lease as it was known, until the record is read again.
/// </summary>
internal sealed class LeaseWriter(
    IClusterStore store, PostgresInstance instance, Observer observer, AgentState state)
{
    private readonly MemberName _self = instance.Settings.Name;
    private readonly AgentMemory _memory = state.Memory;

    /// <summary>
    /// The first thing an agent does: if the record names this member, it writes it again
    /// (<see cref="Rule.ConfirmLease"/>,
    /// before anything is observed). The guard counts meanwhile, and an agent's start takes a good part of a lease.
    /// </summary>
    public async Task ConfirmAsync(ClusterRecords records, Timing timing, CancellationToken cancellation)
    {
        if (records.Leadership is not { Value: { IsHeld: true } leadership, Revision: var revision }
            || leadership.Holder != _self)
            return;
        _memory.Records = records;
        _memory.Learn(lease => lease.Saw(revision, true, BootClock.Now()), timing);
        await WriteAsync(timing, revision, leadership, cancellation);
    }

    public async Task<bool> AcquireAsync(
        ClusterView view, HaAction.AcquireLease acquire, CancellationToken cancellation)
    {
        if (!_memory.TryBeginTaking(released: view.Leadership is { IsHeld: false }))
            return false;
        try
        {
            if (!await WriteAsync(view.Timing, acquire.Expected, acquire.Next, cancellation))
                return false;
            if (view.Leadership is { } former && view.Store.TryGet(out var content))
                _memory.Reign = new Reign(
                    former.Holder,
                    former.IsHeld ? "its lease ran out" : "it handed over",
                    content.Switchover is not null);
            return true;
        }
        finally
        {
            _memory.EndTaking();
        }
    }

    public Task<bool> RenewAsync(ClusterView view, HaAction.RenewLease renew, CancellationToken cancellation) =>
        WriteAsync(view.Timing, renew.Expected, renew.Next, cancellation);

    public async Task<bool> ReleaseAsync(
        ClusterView view, HaAction.ReleaseLease release, CancellationToken cancellation)
    {
        // An orphaned backend can still confirm a commit: not one process may be left.
        if (instance.Processes.List().Count > 0)
            return false;
        // It goes by itself before the lease does; whoever leads next finds nobody else with it.
        if (state.HasAddress())
            return false;
        if (!await WriteAsync(view.Timing, release.Expected, release.Next, cancellation))
            return false;
        state.Service.Refresh();
        var limit = view.Timing.PeerLimit;
        await Task.WhenAll(view.Spec.Others(_self)
            .Select(member => observer.Client(member).WakeAsync(limit, cancellation)));
        return true;
    }

    public async Task<bool> AskForPromisesAsync(
        ClusterView view, HaAction.AskForPromises ask, CancellationToken cancellation)
    {
        if (_memory.Records.Leadership?.Value is not { } leadership || leadership.Holder != _self)
            return false;
        var askedAt = BootClock.Now();
        var body = new PromiseBody(_self, leadership.Epoch, ask.Written);
        var answers = await Task.WhenAll(view.Spec.Others(_self)
            .Where(member => member.Promotable)
            .Select(member => observer.Client(member).PromiseAsync(body, view.Timing.PeerLimit, cancellation)));
        if (!answers.All(answer => answer is AgentAnswer<PromiseAnswer>.Said { Value.Promised: true }))
            return false;
        _memory.Learn(lease => lease.Promised(askedAt), view.Timing);
        return true;
    }

    public async Task<bool> ChangeRegionAsync(
        ClusterView view, HaAction.ChangeRegion change, CancellationToken cancellation)
    {
        var write = ClusterRecords.ChangeRegion(change.Leadership, change.Expected, change.Next);
        if (await store.WriteAsync(write, view.Timing.StoreLimit, cancellation) is not WriteOutcome.Done)
            return false;
        var next = change.Next;
        state.Journal.Record(
            JournalKind.RegionChanged,
            next.Role == RegionRole.Yielded
                ? $"PostgreSQL of {_self} is stopped for the region {next.Twin.Name}; its WAL ends at {next.Mark}"
                : $"the region {next.Twin.Name} leads in term {next.Term}; this cluster follows it");
        return true;
    }

    public async Task<bool> CloseSwitchoverAsync(
        ClusterView view, HaAction.CloseSwitchover close, CancellationToken cancellation)
    {
        if (_memory.Records.Switchover is not { } request || request.Value.Id != close.Id)
            return true;
        var outcome = await store.WriteAsync(
            ClusterRecords.CloseSwitchover(request.Revision), view.Timing.StoreLimit, cancellation);
        if (outcome is WriteOutcome.Done && !close.Done)
            state.Journal.Record(JournalKind.SwitchoverRefused, $"switchover {close.Id} was refused: {close.Reason}");
        return outcome is WriteOutcome.Done;
    }

    private async Task<bool> WriteAsync(
        Timing timing, Revision expected, Leadership next, CancellationToken cancellation)
    {
        var mine = next.IsHeld && next.Holder == _self;
        var sentAt = BootClock.Now();
        var outcome = await store.WriteAsync(
            ClusterRecords.WriteLeadership(expected, next), timing.StoreLimit, cancellation);
        if (outcome is WriteOutcome.Done done)
            _memory.Learn(lease => lease.Wrote(done.Revision, mine, sentAt, BootClock.Now()), timing);
        else if (outcome is WriteOutcome.Unknown)
            _memory.Learn(lease => lease.WriteUnanswered(sentAt), timing);
        return outcome is WriteOutcome.Done;
    }
}

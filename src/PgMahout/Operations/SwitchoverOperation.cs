using System.Security.Cryptography;
using PgMahout.Agent.Api;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Operations;

/// <summary>What an operator wants of a switchover.</summary>
/// <param name="To">Null for the best candidate.</param>
/// <param name="Force">Accept loss, and a dead leader.</param>
public sealed record SwitchoverWish(MemberName? To, bool Force, string? Reason);

/// <summary>A change of leader that has happened.</summary>
public sealed record SwitchoverResult(MemberName From, MemberName To, TimeSpan Took);

/// <summary>Asks for a change of leader through the store and waits for what becomes of it.</summary>
public sealed class SwitchoverOperation(ClusterAccess cluster)
{
    private const int JournalDepth = 50;
    private static readonly TimeSpan WakeLimit = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Ends when the new leader is a running primary, the request was refused, or the limit has passed.
    /// </summary>
    public async Task<Attempt<SwitchoverResult>> RunAsync(
        SwitchoverWish wish, TimeSpan limit, CancellationToken cancellation)
    {
        if (cluster.Records.Leadership?.Value.Holder is not { } from || cluster.Spec.Members.Length < 2)
            return new Failure(ErrorCatalogue.NothingToSwitch, "there is nothing to switch over")
                .Because(cluster.Spec.Members.Length < 2 ? "the cluster has one member" : "there was no leader yet")
                .Try("pgmahout status");
        if (wish.To == from && !wish.Force)
            return new Failure(ErrorCatalogue.NothingToSwitch, $"{from} leads already").Try("pgmahout status");
        var before = await NewestEntryAsync(cancellation);
        var started = TimeProvider.System.GetTimestamp();
        if (await AskAsync(from, wish, cancellation) is { } failure)
            return failure;
        while (TimeProvider.System.GetElapsedTime(started) < limit)
        {
            if (await OutcomeAsync(from, before, cancellation) is { } outcome)
                return outcome.TryGet(out var to, out var refused)
                    ? new SwitchoverResult(from, to, TimeProvider.System.GetElapsedTime(started))
                    : refused;
            await Task.Delay(Pace, cancellation);
        }
        return await WithdrawAsync(limit, cancellation);
    }

    /// <summary>Writes the request and wakes everybody; null once it is written.</summary>
    public async Task<Failure?> AskAsync(MemberName from, SwitchoverWish wish, CancellationToken cancellation)
    {
        var request = new SwitchoverRequest(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)),
            from,
            wish.To,
            wish.Force,
            Environment.UserName,
            wish.Reason);
        var written = await cluster.Store.WriteAsync(
            ClusterRecords.RequestSwitchover(request), ClusterAccess.StoreLimit, cancellation);
        if (written is WriteOutcome.Refused refused)
            return new Failure(ErrorCatalogue.SwitchoverBusy, "another switchover is under way")
                .Because(refused.Why)
                .Try("pgmahout status");
        if (written is WriteOutcome.Unknown unknown)
            return new Failure(ErrorCatalogue.StoreWrite, "the request was not confirmed")
                .Because(unknown.Reason)
                .Leaving("it may have been made")
                .Try("pgmahout status");
        await Task.WhenAll(cluster.Spec.Members.Select(member => WakeAsync(member, cancellation)));
        return null;
    }

    private async Task WakeAsync(MemberSpec member, CancellationToken cancellation)
    {
        using var agent = new AgentClient(cluster.Home, member);
        await agent.WakeAsync(WakeLimit, cancellation);
    }

    /// <summary>Null while it is not decided.</summary>
    private async Task<Attempt<MemberName>?> OutcomeAsync(MemberName from, long before, CancellationToken cancellation)
    {
        if (await cluster.RefreshAsync(cancellation) is not null)
            return null;
        if (cluster.Leader is { } leader && leader != from)
            return await LeadsAsync(leader, cancellation) ? leader : null;
        if (cluster.Records.Switchover is not null || cluster.Leader is null)
            return null;
        var reason = await RefusalAsync(before, cancellation);
        return new Failure(ErrorCatalogue.SwitchoverRefused, $"{from} refused to hand over")
            .Because(reason ?? "it gave no reason")
            .Try("pgmahout explain", "pgmahout status");
    }

    /// <summary>As a primary; or as a standby, in a cluster that follows another region.</summary>
    private async Task<bool> LeadsAsync(MemberName leader, CancellationToken cancellation)
    {
        if (cluster.Spec.Find(leader) is not { } member)
            return false;
        using var agent = new AgentClient(cluster.Home, member);
        var answer = await agent.GetReportAsync(WakeLimit, cancellation);
        return answer is AgentAnswer<MemberReport>.Said { Value.Postgres: var postgres }
            && (cluster.Records.Region is { Value.Follows: true }
                ? postgres is PostgresState.Standby
                : postgres.IsPrimary);
    }

    private async Task<Attempt<SwitchoverResult>> WithdrawAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var left = "the request was carried out in part or was gone already";
        if (cluster.Records.Switchover is { } stored)
        {
            var withdrawal = ClusterRecords.CloseSwitchover(stored.Revision);
            if (await cluster.Store.WriteAsync(withdrawal, ClusterAccess.StoreLimit, cancellation) is WriteOutcome.Done)
                left = "the request was withdrawn";
        }
        return new Failure(ErrorCatalogue.SwitchoverTimedOut, $"nobody took over within {Durations.Text(limit)}")
            .Leaving(left)
            .Try("pgmahout explain", "pgmahout status");
    }

    private async Task<long> NewestEntryAsync(CancellationToken cancellation) =>
        await cluster.Store.ReadJournalAsync(1, ClusterAccess.StoreLimit, cancellation)
            is JournalRead.Content { Entries: [.., { Sequence: var newest }] }
            ? newest
            : 0;

    private static bool IsRefusal(JournalEntry entry) => entry.Kind == JournalKind.SwitchoverRefused;

    private async Task<string?> RefusalAsync(long before, CancellationToken cancellation) =>
        await cluster.Store.ReadJournalAsync(JournalDepth, ClusterAccess.StoreLimit, cancellation)
            is JournalRead.Content { Entries: var entries }
            ? entries.LastOrDefault(entry => entry.Sequence > before && IsRefusal(entry))?.Text
            : null;
}

using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Regions;

/// <summary>
/// The planned change: the region that leads stops, the other one proves that it has everything, and the parts are
/// exchanged. Each step is one conditional write in one store, so it can break off anywhere: before the parts are
/// exchanged it is taken back or gone on with, after that only gone on with.
/// </summary>
internal sealed class RegionSwitchover(Invocation invocation, TimeSpan limit)
{
    private const int Attempts = 5;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly ByteSize MostBehind = ByteSize.Megabytes(16);

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync()
    {
        if (!(await RegionPair.OwnAsync(invocation)).TryGet(out var own, out var failure))
            return failure;
        await using var closingOwn = own;
        if (!(await RegionPair.TwinAsync(own, Cancellation)).TryGet(out var twin, out failure))
            return failure;
        await using var closingTwin = twin;
        var begun = TimeProvider.System.GetTimestamp();
        if (!Sides(own, twin).TryGet(out var sides, out failure))
            return failure;
        var (from, to) = sides;
        if (!from.Region.Follows && await YieldAsync(from, to) is { } stopped)
            return stopped;
        if (await GiveAsync(from, to) is { } unfinished)
            return unfinished;
        var took = Durations.Text(TimeProvider.System.GetElapsedTime(begun));
        Done.Say(invocation.Screen, new Done("region switchover", to.Cluster.Spec.Name,
            $"{to.Name} leads in term {to.Region.Term}, after {took}; {from.Name} follows it", to.Cluster.Leader));
        return Ending.Ok;
    }

    /// <summary>Takes back what was begun and is not decided.</summary>
    public async Task<Ending> CancelAsync()
    {
        if (!(await RegionPair.OwnAsync(invocation)).TryGet(out var own, out var failure))
            return failure;
        await using var closing = own;
        if (own.Region.Role is not (RegionRole.Yields or RegionRole.Yielded))
            return new Failure(ErrorCatalogue.RegionRole, "nothing is under way here that could be taken back")
                .Try("pgmahout region status", "pgmahout region switchover --cancel --home OTHER");
        if (await TakeBackAsync(own) is { } failed)
            return failed;
        Done.Say(invocation.Screen, new Done("region switchover", own.Cluster.Spec.Name,
            $"taken back: {own.Name} leads on in term {own.Region.Term}", own.Cluster.Leader));
        return Ending.Ok;
    }

    /// <summary>Who gives and who gets; also of a change that broke off.</summary>
    private static Attempt<(RegionHalf From, RegionHalf To)> Sides(RegionHalf own, RegionHalf twin)
    {
        if (own.Region.Follows != twin.Region.Follows)
            return own.Region.Follows ? (twin, own) : (own, twin);
        if (!own.Region.Follows)
            return new Failure(ErrorCatalogue.RegionRole, "both regions are told to lead")
                .Because($"{own.Name} in term {own.Region.Term}, {twin.Name} in term {twin.Region.Term}: the one with "
                    + "the lower term follows as soon as it hears the other")
                .Try("pgmahout region status");
        // The giver has the new term already, and it is the getter's.
        return own.Region.Term > twin.Region.Term ? (own, twin) : (twin, own);
    }

    private async Task<Failure?> YieldAsync(RegionHalf from, RegionHalf to)
    {
        if (from.Region.Role == RegionRole.Leads)
        {
            if (await WhyNotAsync(from, to) is { } refused)
                return refused;
            var next = from.Region with { Role = RegionRole.Yields };
            if (await from.ChangeAsync(next, $"the leadership moves to {to.Cluster.Spec.Name}", Cancellation)
                is { } failure)
                return failure;
            invocation.Screen.Note($"[1/4] {from.Name} is told to stop serving");
        }
        try
        {
            return await ProveAsync(from, to) is { } why ? await GiveUpAsync(from, why) : null;
        }
        catch (OperationCanceledException)
        {
            await GiveUpAsync(from, "it was cancelled");
            throw;
        }
    }

    /// <summary>Null once everybody who could lead there has every byte; else what is missing.</summary>
    private async Task<string?> ProveAsync(RegionHalf from, RegionHalf to)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var why = "the stores could not be read";
        while (TimeProvider.System.GetElapsedTime(begun) < limit)
        {
            if (await from.RefreshAsync(Cancellation) is null && await to.RefreshAsync(Cancellation) is null)
            {
                why = await MissingAsync(from, to);
                if (why == "")
                    return null;
            }
            await Task.Delay(Pace, Cancellation);
        }
        return why;
    }

    /// <summary>Empty when nothing is.</summary>
    private async Task<string> MissingAsync(RegionHalf from, RegionHalf to)
    {
        if (from.Region is not { Role: RegionRole.Yielded, Mark: { } mark })
            return $"{from.Name} {RegionText.Word(from.Region.Role)} and has not stopped";
        var lacking = await LackingAsync(to, mark);
        if (lacking == "")
            invocation.Screen.Note($"[2/4] it has stopped at {mark}, and {to.Name} has all of it");
        return lacking;
    }

    /// <summary>The leader must have everything, and whoever could take its place before it is promoted.</summary>
    private async Task<string> LackingAsync(RegionHalf to, WalPosition mark)
    {
        var lacking = (await to.ReportsAsync(Cancellation))
            .Where(one => one.Report?.Postgres is PostgresState.Standby standby && standby.Received < mark
                || (one.Member.Name == to.Cluster.Leader && one.Report?.Postgres is not PostgresState.Standby))
            .Select(one => one.Member.Name.Text)
            .ToArray();
        return to.Cluster.Leader is null ? $"nobody leads {to.Name}"
            : lacking.Length == 0 ? ""
            : $"{string.Join(", ", lacking)} of {to.Name} has not received WAL up to {mark}";
    }

    private async Task<Failure?> GiveAsync(RegionHalf from, RegionHalf to)
    {
        if (!from.Region.Follows)
        {
            // From here on there is no way back: this cluster cannot serve again unless a later term says so.
            var mark = from.Region.Mark!.Value;
            var term = to.Region.Next(from.Region.Term);
            if (await from.ChangeAsync(from.Region.Following(term) with { Mark = mark },
                $"{to.Cluster.Spec.Name} is to lead in term {term}; this cluster follows it", Cancellation)
                is { } failure)
                return failure;
            invocation.Screen.Note($"[3/4] {from.Name} follows from term {term} on");
        }
        var leading = to.Region.Leading(to.Region.Term, from.Region.Mark);
        if (await to.ChangeAsync(leading, $"this cluster leads in term {leading.Term}", Cancellation) is { } failed)
            return Unfinished($"{to.Name} was not told to lead").Because(failed.What);
        invocation.Screen.Note($"[4/4] {to.Name} is promoted");
        return await AwaitAsync(to, postgres => postgres is PostgresState.Primary)
            ? null
            : Unfinished($"{to.Name} is told to lead, and has no primary within {Durations.Text(limit)}");
    }

    private async Task<bool> AwaitAsync(RegionHalf half, Func<PostgresState, bool> wanted)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begun) < limit)
        {
            if (await half.RefreshAsync(Cancellation) is null
                && await half.LeaderAsync(Cancellation) is { } leader && wanted(leader.Postgres))
                return true;
            await Task.Delay(Pace, Cancellation);
        }
        return false;
    }

    private async Task<Failure?> WhyNotAsync(RegionHalf from, RegionHalf to)
    {
        var leading = await from.LeaderAsync(Cancellation);
        var following = await to.LeaderAsync(Cancellation);
        var why = (leading?.Postgres, following?.Postgres) switch
        {
            _ when from.Cluster.Records.Switchover is not null || to.Cluster.Records.Switchover is not null =>
                "a switchover is under way in one of the regions",
            _ when IsPaused(from) || IsPaused(to) => "one of the regions is paused",
            _ when from.Region.Term != to.Region.Term =>
                $"{to.Name} has not heard of term {from.Region.Term} yet",
            (not PostgresState.Primary, _) => $"{from.Name} has no running primary",
            (_, not PostgresState.Standby { Streaming: true }) => $"{to.Name} does not stream from it",
            (PostgresState.Primary primary, PostgresState.Standby standby)
                when Lsn.Distance(standby.Received.Lsn, primary.Written.Lsn) > MostBehind =>
                $"{to.Name} is more than {MostBehind} behind",
            _ => null,
        };
        return why is null
            ? null
            : new Failure(ErrorCatalogue.RegionNotReady, $"{to.Name} cannot lead without loss now")
                .Because(why)
                .Try("pgmahout region status");
    }

    private static bool IsPaused(RegionHalf half) =>
        half.Cluster.Records.Pause?.Value.At(TimeProvider.System.GetUtcNow()) is not null;

    private static async Task<Failure> GiveUpAsync(RegionHalf from, string why)
    {
        var back = await TakeBackAsync(from);
        var failure = new Failure(ErrorCatalogue.RegionTakenBack, "the leadership stays where it was").Because(why);
        return back is null
            ? failure.Leaving($"{from.Name} is told to lead on").Try("pgmahout region status")
            : failure.Leaving($"{from.Name} has stopped serving, and could not be told to lead on: {back.What}")
                .Try("pgmahout region switchover --cancel", "pgmahout region switchover    (goes on)");
    }

    /// <summary>Not with the token of the command: it may be what ends it.</summary>
    private static async Task<Failure?> TakeBackAsync(RegionHalf from)
    {
        Failure? failure = null;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await from.RefreshAsync(CancellationToken.None) is { } unread)
                return unread;
            if (from.Region.Role is not (RegionRole.Yields or RegionRole.Yielded))
                return null;
            failure = await from.ChangeAsync(
                from.Region with { Role = RegionRole.Leads, Mark = null },
                "the change of region was taken back", CancellationToken.None);
            // Its holder may just have written that it has stopped.
            if (failure?.Kind != ErrorCatalogue.StoreConflict)
                return failure;
        }
        return failure;
    }

    private static Failure Unfinished(string what) =>
        new Failure(ErrorCatalogue.RegionUnfinished, what)
            .Leaving("the change is decided; nothing is lost")
            .Try("pgmahout region switchover    (goes on)", "pgmahout region status");
}

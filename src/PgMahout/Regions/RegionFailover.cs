using System.Globalization;
using Npgsql;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Files;

namespace PgMahout.Regions;

/// <summary>Without the other region: this one leads with what it has, or the one left behind gives up.</summary>
internal sealed class RegionFailover(Invocation invocation, TimeSpan limit)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync()
    {
        if (!(await RegionPair.OwnAsync(invocation)).TryGet(out var own, out var failure))
            return failure;
        await using var closing = own;
        if (own.Region.Role == RegionRole.Leads)
            return Wrong(own, "it leads already");
        if (!own.Region.Follows)
            return Wrong(own, "it is the one that led, and a planned change is under way")
                .Try("pgmahout region switchover --cancel");
        if (await ConsentAsync(own) is { } declined)
            return declined;
        var begun = TimeProvider.System.GetTimestamp();
        var next = own.Region.Leading(own.Region.Term, null);
        var told = $"this cluster leads in term {next.Term}, by force";
        if (await own.ChangeAsync(next, told, Cancellation) is { } failed)
            return failed;
        while (await own.RefreshAsync(Cancellation) is not null
            || await own.LeaderAsync(Cancellation) is not { Postgres: PostgresState.Primary })
        {
            if (TimeProvider.System.GetElapsedTime(begun) >= limit)
                return new Failure(ErrorCatalogue.RegionUnfinished, "this cluster is to lead, and has no primary yet")
                    .Leaving("it goes on by itself")
                    .Try("pgmahout status", "pgmahout explain");
            await Task.Delay(Pace, Cancellation);
        }
        var took = Durations.Text(TimeProvider.System.GetElapsedTime(begun));
        Done.Say(invocation.Screen, new Done("region failover", own.Cluster.Spec.Name,
            $"{own.Name} leads in term {next.Term}, after {took}; {own.Region.Twin.Name} follows when it hears of it",
            own.Cluster.Leader));
        return Ending.Ok;
    }

    /// <summary>Of the region that was left behind and has not heard of it.</summary>
    public async Task<Ending> FollowAsync()
    {
        if (!(await RegionPair.OwnAsync(invocation)).TryGet(out var own, out var failure))
            return failure;
        await using var closing = own;
        if (!(await RegionPair.TwinAsync(own, Cancellation)).TryGet(out var twin, out failure))
            return failure;
        await using var closingTwin = twin;
        if (own.Region.Follows)
            return Wrong(own, "it follows already");
        if (twin.Region.Role != RegionRole.Leads || twin.Region.Term <= own.Region.Term)
            return Wrong(own, $"{twin.Name} does not lead in a later term")
                .Try("pgmahout region switchover    (moves the leadership, without loss)");
        var screen = invocation.Screen;
        screen.Note($"This makes {own.Name} follow {twin.Name}, which leads in term {twin.Region.Term}.");
        screen.Note("  What was committed here and is not there is saved beside the data, and taken out of it.");
        if (Confirmation.TypeNameUnlessAgreed(invocation, own.Cluster.Spec.Name) is { } declined)
            return declined;
        var next = own.Region.Following(twin.Region.Term);
        if (await own.ChangeAsync(next, $"this cluster follows {twin.Name}", Cancellation) is { } failed)
            return failed;
        Done.Say(screen, new Done("region follow", own.Cluster.Spec.Name,
            $"{own.Name} follows {twin.Name} from term {next.Term} on", own.Cluster.Leader));
        return Ending.Ok;
    }

    private async Task<Failure?> ConsentAsync(RegionHalf own)
    {
        var screen = invocation.Screen;
        screen.Note($"This makes {own.Name} lead without asking {own.Region.Twin.Name}:");
        foreach (var (member, report) in await own.ReportsAsync(Cancellation))
            screen.Note($"  {member.Name}: " + (report?.Postgres is PostgresState.Standby standby
                ? $"WAL of the other region received up to {standby.Received}"
                : "no running standby"));
        screen.Note($"  newest commit from there: {await NewestAsync(own) ?? "not known"}");
        screen.Note("  What was confirmed there and did not arrive here is lost, unless it is brought back by hand");
        screen.Note("  from what the other region saves when it comes to follow. As long as it runs and cannot hear");
        screen.Note("  this region, it goes on confirming commits that will be lost: stop it if you can.");
        return Confirmation.TypeNameUnlessAgreed(invocation, own.Cluster.Spec.Name);
    }

    private async Task<string?> NewestAsync(RegionHalf own)
    {
        if (own.Cluster.Leader is not { } leader || own.Cluster.Spec.Find(leader) is not { } member
            || !SecretFiles.LoadOrCreate(own.Cluster.Home.SecretsDirectory).TryGet(out var secrets))
            return null;
        try
        {
            await using var connection = new NpgsqlConnection(ServerConnection.Text(member, secrets));
            await connection.OpenAsync(Cancellation);
            await using var command = new NpgsqlCommand("SELECT pg_last_xact_replay_timestamp()", connection)
            {
                CommandTimeout = 2,
            };
            return await command.ExecuteScalarAsync(Cancellation) is DateTime at
                ? at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture)
                : null;
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    private static Failure Wrong(RegionHalf own, string why) =>
        new Failure(ErrorCatalogue.RegionRole, $"{own.Name} is not the one to do this").Because(why)
            .Try("pgmahout region status");
}

using PgMahout.Backup.Recovering;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Starting;

namespace PgMahout.Restoring;

/// <summary>Starts a server on restored files, lets it replay up to the point, and take writes.</summary>
internal sealed class RestoreRecovery(Host host, RestorePlace place, string restoreCommand)
{
    private const string TooShort = "recovery ended before configured recovery target was reached";

    // No client needs it while it replays, so nothing must be as large as it was on the primary.
    public static readonly (string, string)[] WhileItReplays =
    [
        ("hot_standby", "off"), ("archive_mode", "off"), ("shared_preload_libraries", ""),
        // All files are on disk already: one call instead of one for each of them.
        ("recovery_init_sync_method", "syncfs"),
    ];

    /// <summary>
    /// PostgreSQL stops at the first record that begins at the address or later. Where the point is the end of what was
    /// written there is none; then everything is replayed, and it is made sure that this reached the point.
    /// </summary>
    public async Task<Outcome<SideServer>> RunAsync(RestorePlan plan, CancellationToken cancellation)
    {
        var ended = false;
        var started = await StartAsync(
            plan, line => ended |= line.Contains(TooShort, StringComparison.Ordinal), cancellation);
        if (!ended || plan.Target.Stop is not { } stop)
            return started;
        var all = plan with { Target = plan.Target with { Stop = null } };
        started = await StartAsync(all, _ => { }, cancellation);
        if (!started.TryGet(out var server) || await ReplayedAsync(server, cancellation) is { } end && end >= stop)
            return started;
        await server.DisposeAsync();
        return new Outcome<SideServer>.Failed(new Problem(
            "restored-server-short",
            $"the restored server did not get to {stop}",
            "its replay ended before, at WAL that it takes for no record",
            $"its files are in {place.Directory}",
            "see which WAL is damaged: pgmahout backup verify"));
    }

    private async Task<Outcome<SideServer>> StartAsync(
        RestorePlan plan, Action<string> said, CancellationToken cancellation)
    {
        var settings = RecoveryConfiguration.For(plan, restoreCommand).AddRange(RecoveryConfiguration.Alone);
        return RecoveryFiles.Write(place.Directory, settings, host.Account).Failure is { } unwritten
            ? new Outcome<SideServer>.Failed(unwritten)
            : await SideServer.StartAsync(
                (host.Binaries, host.Account), (place.Directory, place.Sockets), WhileItReplays, said, cancellation);
    }

    private static async Task<Lsn?> ReplayedAsync(SideServer server, CancellationToken cancellation)
    {
        await using var connection = server.Connect("postgres");
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT pg_last_wal_replay_lsn()::text";
        return Lsn.TryParse(await command.ExecuteScalarAsync(cancellation) as string, out var lsn) ? lsn : null;
    }
}

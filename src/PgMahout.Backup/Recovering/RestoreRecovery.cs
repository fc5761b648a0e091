using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;

namespace PgMahout.Backup.Recovering;

/// <summary>Starts a server on restored files, lets it replay up to the point, and take writes.</summary>
/// <param name="restoreCommand">Brings a file of WAL.</param>
/// <param name="settings">Win over what stands in its files.</param>
/// <param name="said">Gets each line of its log, from other threads.</param>
public sealed class RestoreRecovery(
    (PostgresBinaries Binaries, ServerAccount Account) host,
    (string Data, string Sockets) place,
    string restoreCommand,
    IEnumerable<(string Name, string Value)> settings,
    Action<string> said)
{
    private const string TooShort = "recovery ended before configured recovery target was reached";

    /// <summary>No client needs it while it replays, so nothing must be as large as it was on the primary.</summary>
    public static readonly ImmutableArray<(string Name, string Value)> WhileItReplays =
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
            plan,
            line =>
            {
                ended |= line.Contains(TooShort, StringComparison.Ordinal);
                said(line);
            },
            cancellation);
        if (!ended || plan.Target.Stop is not { } stop)
            return started;
        var all = plan with { Target = plan.Target with { Stop = null } };
        started = await StartAsync(all, said, cancellation);
        if (!started.TryGet(out var server) || await ReplayedAsync(server, cancellation) is { } end && end >= stop)
            return started;
        await server.DisposeAsync();
        return new Outcome<SideServer>.Failed(new Problem(
            "restored-server-short",
            $"the restored server did not get to {stop}",
            "its replay ended before, at WAL that it takes for no record",
            $"its files are in {place.Data}",
            "see which WAL is damaged: pgmahout backup verify"));
    }

    private async Task<Outcome<SideServer>> StartAsync(
        RestorePlan plan, Action<string> listen, CancellationToken cancellation)
    {
        var files = RecoveryConfiguration.For(plan, restoreCommand).AddRange(RecoveryConfiguration.Alone);
        return RecoveryFiles.Write(place.Data, files, host.Account).Failure is { } unwritten
            ? new Outcome<SideServer>.Failed(unwritten)
            : await SideServer.StartAsync(host, place, settings, listen, cancellation);
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

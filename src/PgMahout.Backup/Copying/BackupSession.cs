using System.Globalization;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;

namespace PgMahout.Backup.Copying;

/// <param name="Version">As <c>server_version_num</c>.</param>
internal sealed record ServerFacts(
    ulong SystemIdentifier, int Version, bool Checksums, int BlockSize, bool InRecovery, string DataDirectory)
{
    public int Major => Version / 10000;
}

/// <summary>What the server says when a backup stops.</summary>
/// <param name="Label">Content of the file backup_label, without which the copy is no backup.</param>
internal sealed record StoppedBackup(Lsn Stop, TimelineId Timeline, string Label);

/// <summary>
/// A connection in which the server is told that it is being copied. When it ends early, the server forgets the backup,
/// and nothing is left behind there.
/// </summary>
internal sealed class BackupSession : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private BackupSession(NpgsqlConnection connection, ServerFacts server)
    {
        _connection = connection;
        Server = server;
    }

    public ServerFacts Server { get; }

    /// <param name="limit">For every command; a checkpoint may take minutes.</param>
    public static async Task<BackupSession> OpenAsync(
        string connectionText, TimeSpan limit, CancellationToken cancellation)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionText)
        {
            Pooling = false,
            CommandTimeout = (int)limit.TotalSeconds,
            ApplicationName = "pgmahout backup",
        };
        var connection = new NpgsqlConnection(text.ConnectionString);
        try
        {
            var facts = await GuardedAsync("connecting", async () =>
            {
                await connection.OpenAsync(cancellation);
                return await FactsAsync(connection, cancellation);
            });
            return new BackupSession(connection, facts);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>With a checkpoint at once: where replay will begin.</summary>
    public Task<Lsn> StartAsync(BackupId id, CancellationToken cancellation)
    {
        var label = Statements.Literal($"pgmahout {id}");
        var sql = Server.Major >= 15
            ? $"SELECT pg_backup_start({label}, true)::text"
            : $"SELECT pg_start_backup({label}, true, false)::text";
        return GuardedAsync("starting the backup on the server", async () =>
            Lsn.Parse(await _connection.ScalarAsync<string>(sql, cancellation) ?? ""));
    }

    /// <summary>Fails when the connection is gone, or the standby has been promoted.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        var inRecovery = await GuardedAsync("looking after the backup on the server", () =>
            _connection.ScalarAsync<bool>("SELECT pg_is_in_recovery()", cancellation));
        if (inRecovery != Server.InRecovery)
            throw new WorkFailedException(Promoted("it is a primary now"));
    }

    public async Task<StoppedBackup> StopAsync(CancellationToken cancellation)
    {
        var sql = Server.Major >= 15
            ? "SELECT lsn::text, labelfile FROM pg_backup_stop(false)"
            : "SELECT lsn::text, labelfile FROM pg_stop_backup(false, false)";
        return await GuardedAsync("stopping the backup on the server", async () =>
        {
            await using var command = new NpgsqlCommand(sql, _connection);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            await reader.ReadAsync(cancellation);
            var label = reader.GetString(1);
            return new StoppedBackup(Lsn.Parse(reader.GetString(0)), TimelineOf(label), label);
        });
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private static async Task<ServerFacts> FactsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string Sql = """
            SELECT system_identifier, current_setting('server_version_num')::int,
                   current_setting('data_checksums')::bool, current_setting('block_size')::int,
                   pg_is_in_recovery(), current_setting('data_directory')
            FROM pg_control_system()
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return new ServerFacts(
            (ulong)reader.GetInt64(0), reader.GetInt32(1), reader.GetBoolean(2), reader.GetInt32(3),
            reader.GetBoolean(4), reader.GetString(5));
    }

    private static TimelineId TimelineOf(string label)
    {
        const string Start = "START TIMELINE: ";
        var line = label.Split('\n').First(line => line.StartsWith(Start, StringComparison.Ordinal));
        return new TimelineId(uint.Parse(line.AsSpan(Start.Length), CultureInfo.InvariantCulture));
    }

    private static async Task<T> GuardedAsync<T>(string what, Func<Task<T>> command)
    {
        try
        {
            return await command();
        }
        catch (PostgresException e) when (e.MessageText.Contains("was promoted", StringComparison.Ordinal))
        {
            throw new WorkFailedException(Promoted(e.MessageText));
        }
        catch (Exception e) when (
            e is NpgsqlException or IOException or InvalidOperationException or TimeoutException)
        {
            var why = e is PostgresException server ? $"{server.MessageText} {server.Hint}".Trim() : e.Message;
            throw new WorkFailedException(new Problem(
                "backup-server", $"{what} failed", why,
                "no backup was made; the server has forgotten that one was begun",
                "look at the server's log, and begin the backup again"));
        }
    }

    private static Problem Promoted(string why) => new(
        "backup-promoted",
        "the standby was promoted while it was being copied",
        why,
        "no backup was made: what was read before and after does not fit together",
        "begin it again; what was already stored is used again");
}

using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;

namespace PgMahout.Postgres.Rejoin;

/// <summary>The running server that this member is rebuilt from.</summary>
internal sealed class Source(InstanceSettings settings, MemberSpec member)
{
    private const int ConnectSeconds = 10;

    // A promoted server's control file names its new timeline only after its first checkpoint there, and pg_rewind
    // reads that file: without this it finds both on the old timeline and wrongly says that nothing is to be done.
    private const string OnNewTimeline = """
        SELECT CASE WHEN pg_is_in_recovery() THEN NULL
                    ELSE timeline_id = ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END
          FROM pg_control_checkpoint()
        """;

    /// <summary>Done with false when the source is not a primary.</summary>
    public Task<Outcome<bool>> CheckpointOnTimelineAsync(TimeSpan limit, CancellationToken cancellation) =>
        AskAsync("looking at the source", async (connection, bound) =>
        {
            if (await connection.ScalarAsync<bool?>(OnNewTimeline, bound) is not { } done)
                return false;
            if (!done)
                await connection.ExecuteAsync("CHECKPOINT", bound);
            return true;
        }, limit, cancellation);

    /// <summary>Keeps the WAL that the copy will need, from now on.</summary>
    public Task<Outcome<CopySource>> ReserveAsync(TimeSpan limit, CancellationToken cancellation) =>
        AskAsync("preparing the source", async (connection, bound) =>
        {
            await SlotKeeper.KeepAsync(connection, Slot, null, bound);
            var kept = await connection.ScalarAsync<string>(
                "SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = "
                + Statements.Literal(Slot), bound);
            var size = await connection.ScalarAsync<long>(
                "SELECT sum(pg_database_size(oid))::int8 FROM pg_database", bound);
            return new CopySource(
                Lsn.TryParse(kept, out var from) ? from : new Lsn(ulong.MaxValue), new ByteSize(size));
        }, limit, cancellation);

    public Task<Outcome<ImmutableArray<Tablespace>>> TablespacesAsync(
        TimeSpan limit, CancellationToken cancellation) =>
        AskAsync("reading the tablespaces of", async (connection, bound) =>
            Tablespace.Parse(await connection.ScalarAsync<string>(Tablespace.Query, bound) ?? ""), limit, cancellation);

    private string Slot => member.Name == Region.Upstream ? Region.SlotName : settings.Name.SlotName;

    /// <summary>For a program's own connection; the password is in its password file.</summary>
    public string ConnInfo(string user, string database) =>
        $"host={member.Host} port={member.Port} user={user} dbname={database}"
        + $" application_name=pgmahout_{settings.Name} connect_timeout={ConnectSeconds} gssencmode=disable"
        + PrimaryConnInfo.EncryptionText(settings, member.Name);

    private async Task<Outcome<T>> AskAsync<T>(
        string what,
        Func<NpgsqlConnection, CancellationToken, Task<T>> command,
        TimeSpan limit,
        CancellationToken cancellation)
    {
        var (host, port) = (member.Host, member.Port);
        await using var connection = new CommandConnection(member.Name == Region.Upstream
            ? ConnectionText.Abroad(settings, host, port)
            : ConnectionText.Remote(settings, host, port));
        return await connection.RunAsync($"{what} {member.Name}", command, limit, cancellation);
    }
}

using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Recovering;

/// <summary>What a data directory on which nothing runs has.</summary>
/// <param name="History">Of its WAL.</param>
/// <param name="End">Behind its last record.</param>
public sealed record StoppedServer(TimelineHistory History, WalPosition End)
{
    /// <summary>Null where there is no data directory, or one that a restore was working on.</summary>
    public static Outcome<StoppedServer?> Find(string data, CancellationToken cancellation)
    {
        try
        {
            if (ControlFile.Read(data) is not { } control)
                return new Outcome<StoppedServer?>.Done(null);
            return WalEnd.Find(data, control, cancellation) is { } found
                ? new Outcome<StoppedServer?>.Done(new StoppedServer(found.History, found.End))
                : new Outcome<StoppedServer?>.Failed(Problems.NoWal(data));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new Outcome<StoppedServer?>.Failed(Problems.Files("reading the WAL", e.Message));
        }
    }

    /// <summary>The passwords in a restored server are those of then; its cluster has the ones of now.</summary>
    public static async Task<Outcome> AdmitAsync(
        SideServer server, ClusterSecrets secrets, CancellationToken cancellation)
    {
        const string Role = InstanceSettings.ReplicationRole;
        try
        {
            await using var connection = server.Connect("postgres");
            await connection.OpenAsync(cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = $"""
                SET password_encryption = 'scram-sha-256';
                DO $$ BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{Role}') THEN CREATE ROLE {Role}; END IF;
                END $$;
                ALTER ROLE {Role} LOGIN REPLICATION PASSWORD {Statements.Literal(secrets.ReplicationPassword)};
                ALTER ROLE {InstanceSettings.Superuser} PASSWORD {Statements.Literal(secrets.SuperuserPassword)};
                """;
            await command.ExecuteNonQueryAsync(cancellation);
            return Outcome.Success;
        }
        catch (Npgsql.NpgsqlException e)
        {
            return new Outcome.Failed(Problems.Tool("setting the passwords of the cluster's roles", e.Message,
                "the restored server is stopped; the same restore can be run again"));
        }
    }
}

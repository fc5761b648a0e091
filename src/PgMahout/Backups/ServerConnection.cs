using Npgsql;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;

namespace PgMahout.Backups;

/// <summary>How backups reach a member's server: as superuser, without a pool, because one session must stay.</summary>
internal static class ServerConnection
{
    public static string Text(MemberSpec member, ClusterSecrets secrets) => new NpgsqlConnectionStringBuilder
    {
        Host = member.Host,
        Port = member.Port,
        Database = "postgres",
        Username = InstanceSettings.Superuser,
        Password = secrets.SuperuserPassword,
        ApplicationName = "pgmahout backup",
        Timeout = 5,
        CommandTimeout = 0,
        Pooling = false,
        Options = "-c statement_timeout=0 -c idle_session_timeout=0 -c synchronous_commit=local",
    }.ConnectionString;
}

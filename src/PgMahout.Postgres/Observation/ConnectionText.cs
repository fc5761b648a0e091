using Npgsql;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Observation;

/// <summary>How this program connects to servers, for its own work.</summary>
internal static class ConnectionText
{
    private const string ApplicationName = "pgmahout";

    // What an operator may set for everybody must not slow down, log or stop our own statements. Local commit: creating
    // a role or a slot must not wait for the standby that needs it.
    private const string SessionOptions =
        "-c jit=off -c plan_cache_mode=force_generic_plan -c synchronous_commit=local -c statement_timeout=0"
        + " -c lock_timeout=0 -c log_statement=none -c log_min_duration_statement=-1"
        + " -c log_min_error_statement=panic -c default_transaction_read_only=off";

    /// <summary>To this member's own server, by its unix socket if it has one.</summary>
    public static string Local(InstanceSettings settings) =>
        Build(settings, settings.SocketDirectory ?? settings.Host, settings.Port).ConnectionString;

    /// <summary>To this member's own server, for replication commands.</summary>
    public static string LocalReplication(InstanceSettings settings)
    {
        var text = Build(settings, settings.SocketDirectory ?? settings.Host, settings.Port);
        text.Options = null;
        return text.ConnectionString;
    }

    /// <summary>To another member's server, as superuser.</summary>
    public static string Remote(InstanceSettings settings, string host, int port) =>
        Build(settings, host, port).ConnectionString;

    /// <summary>
    /// To a server of the other region, as superuser. Between hosts the way there is longer than a cluster's own
    /// network, and what is said there can stop this region: so the server proves that it is of the other cluster.
    /// </summary>
    public static string Abroad(InstanceSettings settings, string host, int port)
    {
        var text = Build(settings, host, port);
        if (settings.TwinCertificateDirectory is { } certificates)
        {
            text.SslMode = SslMode.VerifyFull;
            text.RootCertificate = Path.Combine(certificates, "ca.crt");
        }
        return text.ConnectionString;
    }

    /// <summary>
    /// To a server that is no member yet, by its unix socket: the password is there for one that asks for it.
    /// </summary>
    public static string Running(string socketDirectory, int port, ClusterSecrets secrets) =>
        Build(secrets, socketDirectory, port).ConnectionString;

    private static NpgsqlConnectionStringBuilder Build(InstanceSettings settings, string host, int port) =>
        Build(settings.Secrets, host, port);

    private static NpgsqlConnectionStringBuilder Build(ClusterSecrets secrets, string host, int port) =>
        new()
        {
            Host = host,
            Port = port,
            Database = "postgres",
            Username = InstanceSettings.Superuser,
            Password = secrets.SuperuserPassword,
            ApplicationName = ApplicationName,
            Options = SessionOptions,
            Pooling = false,
            NoResetOnClose = true,
            Enlist = false,
            // Every wait is bounded by its caller, in milliseconds; these two would be in seconds.
            Timeout = 0,
            CommandTimeout = 0,
            CancellationTimeout = -1,
            SslMode = SslMode.Prefer,
            GssEncryptionMode = GssEncryptionMode.Disable,
        };
}

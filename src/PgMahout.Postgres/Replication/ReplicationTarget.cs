using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Replication;

/// <summary>Whether a connection is encrypted, in the words and with the meaning of libpq's sslmode.</summary>
public enum TlsMode
{
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// <summary>A server, and as whom to reach it.</summary>
/// <param name="Host">A name or address; a directory (beginning with '/') means the unix socket in it.</param>
/// <param name="Password">Null when none is expected to be asked for.</param>
public sealed record ReplicationTarget(string Host, int Port, string User, string? Password)
{
    public TlsMode Tls { get; init; } = TlsMode.Prefer;

    /// <summary>PEM file of the authorities that count for the verifying modes; null: those of the system.</summary>
    public string? RootCertificates { get; init; }

    public string ApplicationName { get; init; } = "pgmahout";

    public bool IsUnix => Host.StartsWith('/');

    public string SocketPath => $"{Host}/.s.PGSQL.{Port}";

    /// <summary>The member's own server, as superuser, through its unix socket if it has one.</summary>
    public static ReplicationTarget Local(InstanceSettings settings) => new(
        settings.SocketDirectory ?? settings.Host,
        settings.Port,
        InstanceSettings.Superuser,
        settings.Secrets.SuperuserPassword);

    /// <summary>Never with the password.</summary>
    public override string ToString() => IsUnix ? SocketPath : $"{Host}:{Port}";
}

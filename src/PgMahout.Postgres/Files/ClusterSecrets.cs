namespace PgMahout.Postgres.Files;

/// <summary>The passwords of a cluster's two roles; never printed, logged, or put on a command line.</summary>
public sealed record ClusterSecrets(string SuperuserPassword, string ReplicationPassword)
{
    public override string ToString() => nameof(ClusterSecrets);
}

using PgMahout.Agent.Home;
using PgMahout.Backups;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Replication;
using PgMahout.Store.Records;

namespace PgMahout.Archiving;

/// <summary>The cluster as the archiver last read it.</summary>
internal sealed class ArchivedCluster(HomeLayout home, ClusterSecrets secrets)
{
    private volatile ClusterRecords _records = ClusterRecords.None;

    public HomeLayout Home => home;

    public ClusterSecrets Secrets => secrets;

    public ClusterRecords Records
    {
        get => _records;
        set => _records = value;
    }

    /// <summary>
    /// Whoever holds the lease. A holder that is not yet a primary refuses to stream, and is asked again; one that lost
    /// the lease is let go at once.
    /// </summary>
    public ReplicationTarget? Primary => Leader is { } leader ? TargetOf(leader) : null;

    /// <summary>To the same server, for a session of SQL.</summary>
    public string? PrimaryLogin => Leader is { } leader ? ServerConnection.Text(leader, secrets) : null;

    public MemberSpec? Leader =>
        _records is { Leadership.Value: { IsHeld: true } leadership, Spec.Value: var spec }
            ? spec.Find(leadership.Holder)
            : null;

    private ReplicationTarget TargetOf(MemberSpec member) => new(
        member.Host, member.Port, InstanceSettings.ReplicationRole, secrets.ReplicationPassword)
    {
        ApplicationName = "pgmahout archiver",
    };
}

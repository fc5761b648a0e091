using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Status;
using PgMahout.Store;

namespace PgMahout.Archiving;

/// <summary>Writes what the archiver did into the cluster's history. What cannot be told is lost.</summary>
internal sealed class HistoryTeller(IClusterStore store, ArchivedCluster cluster)
{
    public Task TellAsync(JournalKind kind, string text, CancellationToken cancellation) => store.AppendAsync(
        new JournalEntry(
            0,
            TimeProvider.System.GetUtcNow(),
            null,
            kind,
            cluster.Records.Leadership?.Value.Epoch ?? Epoch.Zero,
            null,
            text,
            null),
        ClusterAccess.StoreLimit,
        cancellation);
}

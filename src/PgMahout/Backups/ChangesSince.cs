using PgMahout.Backup.Archiving;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Indexing;

namespace PgMahout.Backups;

/// <summary>Asks the WAL index which blocks changed since a backup.</summary>
internal sealed class ChangesSince(Repository repository, ulong systemIdentifier)
{
    /// <param name="data">
    /// Of the member that is read: its own WAL has what is not archived in whole segments yet.
    /// </param>
    /// <returns>Null when it cannot be told: then each page is looked at.</returns>
    public async Task<ChangedBlockSet?> BetweenAsync(
        BackupHead since, WalPosition start, string data, CancellationToken cancellation)
    {
        var index = new IndexArchive(repository, systemIdentifier);
        var history = await index.HistoryAsync(start.Timeline, cancellation);
        if (!history.TryGet(out var line) || line is null)
            return null;
        var sized = await new WalArchive(repository, systemIdentifier).SegmentSizeAsync(cancellation);
        if (!sized.TryGet(out var size))
            return null;
        var blocks = new ChangedBlocks(index, new WalDirectory(Path.Combine(data, "pg_wal")));
        var changed = await blocks.BetweenAsync(
            new WalPosition(since.Timeline, since.Start), start, line, size, cancellation);
        return changed.TryGet(out var found) ? found : null;
    }
}

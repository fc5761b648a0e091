using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>The name of a backup: when it began, in UTC, and what tells two of one second apart.</summary>
/// <param name="Text"><c>20261122-173501-4f2a</c>: sorts by the clock of whoever made it.</param>
public readonly record struct BackupId(string Text)
{
    public override string ToString() => Text;
}

public enum BackupKind
{
    /// <summary>Every file whole.</summary>
    Full,

    /// <summary>The blocks that changed since its parent; restoring it reads the chain down to a full one.</summary>
    Incremental,
}

/// <summary>
/// What one needs to know of a finished backup to choose among backups. It is written last: a backup without a head
/// does not exist.
/// </summary>
/// <param name="Parent">Of an incremental one: the backup that it builds on.</param>
/// <param name="Timeline">On which it was taken.</param>
/// <param name="Start">Replay begins here: WAL from this address on is needed.</param>
/// <param name="Stop">Replay up to here, at least, makes it consistent: the earliest point that it restores.</param>
/// <param name="ServerVersion">As <c>server_version_num</c>: 150018.</param>
/// <param name="Size">Of the restored data directory.</param>
/// <param name="Stored">What the repository holds for it, without its ancestors.</param>
/// <param name="Source">The member that was read.</param>
public sealed record BackupHead(
    BackupId Id,
    BackupKind Kind,
    BackupId? Parent,
    ulong SystemIdentifier,
    TimelineId Timeline,
    Lsn Start,
    Lsn Stop,
    DateTimeOffset StartedAt,
    DateTimeOffset StoppedAt,
    int ServerVersion,
    ByteSize Size,
    ByteSize Stored,
    string Source);

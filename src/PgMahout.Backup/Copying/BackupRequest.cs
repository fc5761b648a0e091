using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Copying;

/// <summary>What a backup needs to know, all of it decided by the caller.</summary>
public sealed record BackupRequest
{
    /// <summary>
    /// A new name; or that of a run that broke off (<see cref="Catalog.BackupCatalog.UnfinishedAsync"/>), whose packs
    /// are used again where the content is the same.
    /// </summary>
    public required BackupId Id { get; init; }

    public required Repository Repository { get; init; }

    /// <summary>Of a server that runs on this machine, primary or standby.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>To that server, for a role that may start backups; Npgsql's form.</summary>
    public required string ConnectionText { get; init; }

    /// <summary>The member's name.</summary>
    public required string Source { get; init; }

    /// <summary>Null: a full backup.</summary>
    public BackupId? Parent { get; init; }

    /// <summary>
    /// The blocks that WAL changed from the start of the parent to that of this backup; null as answer: not known, and
    /// each page of a file that may have changed is read.
    /// </summary>
    public Func<BackupHead, WalPosition, CancellationToken, Task<ChangedBlockSet?>>? ChangesSince { get; init; }

    /// <summary>Ends when the archive holds all WAL up to this position, or says why it will not.</summary>
    public required Func<WalPosition, CancellationToken, Task<Outcome>> WaitForWal { get; init; }

    /// <summary>Threads that copy.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Bytes a second that are read, at most.</summary>
    public ByteSize? Throttle { get; init; }

    /// <summary>The threads give way to every other process.</summary>
    public bool Polite { get; init; }

    /// <summary>For each command to the server: the checkpoint at the start may take long.</summary>
    public TimeSpan CommandLimit { get; init; } = TimeSpan.FromMinutes(30);
}

using System.Collections.Immutable;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Restoring;
using PgMahout.Core.Backup;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Installation;

namespace PgMahout.Undo.Past;

/// <summary>Where a server of the past lives for a while; its owner removes all of it.</summary>
/// <param name="Directory">Of its own: data, WAL and tablespaces.</param>
/// <param name="Sockets">Of its own; the whole path of a socket has at most 107 bytes.</param>
public sealed record PastPlace(string Directory, string Sockets)
{
    public string Data => Path.Combine(Directory, "data");

    public string Spool => Path.Combine(Directory, "wal");

    public string Tablespaces => Path.Combine(Directory, "tablespaces");

    /// <summary>For whoever works with the server.</summary>
    public string Workspace => Path.Combine(Directory, "work");
}

/// <summary>A server as of one point, with the content of some files only.</summary>
public sealed record PastRequest
{
    public required WalArchive Archive { get; init; }

    public required ArchiveMap Map { get; init; }

    public required RestorePlan Plan { get; init; }

    /// <summary>The plan's, where it was read already.</summary>
    public StoredBackup? Backup { get; init; }

    /// <summary>As <see cref="RestoreRequest.Only"/>.</summary>
    public required Func<string, bool> Only { get; init; }

    /// <summary>Files whose changes are replayed: those, and no others, that <see cref="Only"/> restores.</summary>
    public required Func<RelationFile, bool> Replayed { get; init; }

    public required PastPlace Place { get; init; }

    public required PostgresBinaries Programs { get; init; }

    public required ServerAccount Account { get; init; }

    public int Workers { get; init; } = 2;

    /// <summary>Win over everything else, such as <c>default_transaction_read_only</c>.</summary>
    public ImmutableArray<(string Name, string Value)> Settings { get; init; } = [];
}

/// <summary>What it takes, found out beforehand.</summary>
/// <param name="Files">Bytes to be restored.</param>
/// <param name="Replay">Bytes of WAL to be replayed.</param>
/// <param name="Space">Bytes that may be needed on disk at the same time.</param>
/// <param name="Backup">The plan's; reading it takes the longer, the larger the database is.</param>
public sealed record PastCost(long Files, long Replay, long Space, StoredBackup Backup);

/// <summary>What it took.</summary>
/// <param name="Wal">Until all of it was there, beside the other two.</param>
/// <param name="Replay">From when the files were there until the server took writes.</param>
public sealed record PastMeasure(RestoredBackup Restored, TimeSpan Files, TimeSpan Wal, TimeSpan Replay);

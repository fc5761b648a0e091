using System.Collections.Immutable;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;

namespace PgMahout.Backup.Restoring;

/// <summary>What a restore needs to know, all of it decided by the caller.</summary>
public sealed record RestoreRequest
{
    public required Repository Repository { get; init; }

    public required ulong SystemIdentifier { get; init; }

    /// <summary>Its ancestors are found by themselves.</summary>
    public required BackupId Backup { get; init; }

    /// <summary>That backup, where it was read already.</summary>
    public StoredBackup? Loaded { get; init; }

    /// <summary>
    /// The data directory to make: missing, empty, or one of the same system identifier on which no server runs. Of the
    /// latter, what is the same is kept, and everything else goes, its WAL too.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>Gets every file.</summary>
    public required ServerAccount Owner { get; init; }

    /// <summary>
    /// Other places for tablespaces, by OID; one that is not here goes below <see cref="TablespacesBelow"/>.
    /// </summary>
    public ImmutableSortedDictionary<uint, string> Tablespaces { get; init; } =
        ImmutableSortedDictionary<uint, string>.Empty;

    /// <summary>Holds a directory for each tablespace, named by its OID. Null: each goes where it was.</summary>
    public string? TablespacesBelow { get; init; }

    /// <summary>
    /// Files whose content is needed, by path; the others become holes of their size: enough for a replay that meets
    /// them, for it brings each page whole before it changes it.
    /// </summary>
    public Func<string, bool> Only { get; init; } = _ => true;

    /// <summary>
    /// In bytes: a file that is not needed and is shorter is not even made. Replay makes it when it meets it; a long
    /// one it would fill with zeros up to there.
    /// </summary>
    public long ShortestHole { get; init; }

    /// <summary>Whether all of it is on disk in the end; a copy that is thrown away need not be.</summary>
    public bool Durable { get; init; } = true;

    public int Workers { get; init; } = 2;

    public bool Polite { get; init; }

    /// <summary>Bytes a second that are written, at most.</summary>
    public ByteSize? Throttle { get; init; }
}

/// <param name="Written">Bytes.</param>
/// <param name="Reused">Bytes that were in the directory already, and the same.</param>
public sealed record RestoredBackup(StoredHead Head, int Files, ByteSize Written, ByteSize Reused);

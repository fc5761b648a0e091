using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Replication;

/// <summary>What is asked of BASE_BACKUP.</summary>
/// <param name="Fast">The checkpoint before it as fast as the server can, rather than spread over minutes.</param>
/// <param name="WithWal">With the WAL that makes it consistent, so that it starts alone.</param>
/// <param name="Manifest">With a list of all files and their checksums.</param>
public sealed record BaseBackupRequest(string Label, bool Fast, bool WithWal, bool Manifest)
{
    /// <summary>In kB a second; null: without a limit.</summary>
    public int? MostKilobytesPerSecond { get; init; }

    private const int Parenthesised = 15;

    internal string Command(int major)
    {
        var label = "'" + Label.Replace("'", "''", StringComparison.Ordinal) + "'";
        return major >= Parenthesised
            ? "BASE_BACKUP (" + string.Join(", ", Options(label)) + ")"
            : "BASE_BACKUP " + string.Join(' ', Words(label));
    }

    private IEnumerable<string> Options(string label)
    {
        yield return "LABEL " + label;
        yield return Fast ? "CHECKPOINT 'fast'" : "CHECKPOINT 'spread'";
        yield return WithWal ? "WAL true" : "WAL false";
        // Whoever waits for WAL to be archived waits for another archiver; ours gets it by streaming.
        yield return "WAIT false";
        yield return "TABLESPACE_MAP true";
        yield return Manifest ? "MANIFEST 'yes'" : "MANIFEST 'no'";
        if (MostKilobytesPerSecond is { } rate)
            yield return $"MAX_RATE {rate}";
    }

    private IEnumerable<string> Words(string label)
    {
        yield return "LABEL " + label;
        if (Fast)
            yield return "FAST";
        if (WithWal)
            yield return "WAL";
        yield return "NOWAIT";
        if (MostKilobytesPerSecond is { } rate)
            yield return $"MAX_RATE {rate}";
        yield return "TABLESPACE_MAP";
        if (Manifest)
            yield return "MANIFEST 'yes'";
    }
}

/// <param name="Location">Null for the data directory itself.</param>
/// <param name="Size">About; null when the server did not measure it.</param>
public sealed record BackupTablespace(uint? Oid, string? Location, ByteSize? Size);

public sealed record BaseBackupStart(WalPosition At, ImmutableArray<BackupTablespace> Tablespaces);

/// <param name="At">Up to here WAL must be replayed before the copy is consistent.</param>
public sealed record BaseBackupEnd(WalPosition At);

/// <summary>
/// Takes a base backup's bytes as they come. An <see cref="IOException"/> ends the backup, and its connection.
/// </summary>
public interface IBaseBackupReceiver
{
    void Began(BaseBackupStart start);

    /// <summary>A tar archive begins; whatever was before it is whole.</summary>
    /// <param name="tablespace">Null for the data directory.</param>
    void ArchiveBegan(BackupTablespace? tablespace);

    /// <summary>The manifest, JSON, begins; the archives are whole.</summary>
    void ManifestBegan();

    /// <summary>More bytes of what began last; valid during the call.</summary>
    void Content(ReadOnlySpan<byte> bytes);
}

using PgMahout.Core.Backup;

namespace PgMahout.Backup.Catalog;

/// <summary>A backup that exists, and its list of files.</summary>
public sealed record StoredBackup(StoredHead Stored, BackupManifest Manifest)
{
    public BackupHead Head => Stored.Head;
}

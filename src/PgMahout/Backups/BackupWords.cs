using PgMahout.Core.Backup;

namespace PgMahout.Backups;

/// <summary>Words of the documents and of the command line.</summary>
internal static class BackupWords
{
    public static string Of(BackupKind kind) => kind switch
    {
        BackupKind.Full => "full",
        BackupKind.Incremental => "incremental",
    };
}

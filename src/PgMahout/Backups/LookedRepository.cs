using PgMahout.Backup.Catalog;

namespace PgMahout.Backups;

/// <summary>A repository with what is in it, as it was read a moment ago.</summary>
internal sealed record LookedRepository(OpenRepository Opened, ulong SystemIdentifier, Restorable Seen)
    : IAsyncDisposable
{
    public BackupCatalog Catalog { get; } = new(Opened.Repository, SystemIdentifier);

    public ValueTask DisposeAsync() => Opened.DisposeAsync();
}

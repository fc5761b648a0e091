using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Backups;

/// <summary>What <c>backup now</c> was told. Null: chosen by pgmahout.</summary>
/// <param name="Polite">Give way to every other process of the machine.</param>
internal sealed record BackupOrder(
    string? Repository, BackupKind? Kind, MemberName? Source, int? Workers, bool Polite)
{
    public ByteSize? Throttle { get; init; }
}

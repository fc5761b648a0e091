using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>What the archive has of a segment, from its beginning on.</summary>
/// <param name="Length">In bytes: all of the segment, or what its parts reach without a hole.</param>
public readonly record struct SegmentPrefix(int Length, bool IsWhole)
{
    /// <summary>What may have more of it, and cannot be read; null: nothing.</summary>
    public DamagedPart? Damaged { get; init; }
}

/// <param name="Object">Its name in the repository.</param>
public sealed record DamagedPart(string Object, Problem Problem);

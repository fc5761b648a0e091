using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <param name="At">Where the COMMIT's record begins: recovery that stops before it leaves the transaction out.</param>
public readonly record struct CommitMark(Lsn At, DateTimeOffset Time);

/// <summary>
/// When was what, in one segment. The clocks of commits are not in the order of WAL: a time means the first commit that
/// is later, as PostgreSQL's own <c>recovery_target_time</c> does.
/// </summary>
/// <param name="Marks">
/// In the order of WAL: every commit, or where there are many, of each stretch of <see cref="Stretch"/> bytes the
/// one with the latest time.
/// </param>
/// <param name="Every">Whether it is every commit.</param>
public sealed record CommitTable(long Commits, long Aborts, ImmutableArray<CommitMark> Marks, bool Every)
{
    /// <summary>In bytes. Reading so much of the segment finds the exact commit.</summary>
    public const uint Stretch = 64 << 10;

    /// <summary>Up to so many commits are all kept: 20 KB at most.</summary>
    public const int MostMarks = 4096;

    public static readonly CommitTable Empty = new(0, 0, [], true);

    /// <summary>Null when nothing committed.</summary>
    public DateTimeOffset? Latest => Marks.IsEmpty ? null : Marks.Max(mark => mark.Time);

    public DateTimeOffset? First => Marks.IsEmpty ? null : Marks[0].Time;

    /// <summary>
    /// The first commit later than <paramref name="time"/>, or, where not every one is kept, one in the same stretch.
    /// Null when none is.
    /// </summary>
    public CommitMark? FirstAfter(DateTimeOffset time)
    {
        foreach (var mark in Marks)
            if (mark.Time > time)
                return mark;
        return null;
    }

    public bool Equals(CommitTable? other) =>
        other is not null && (Commits, Aborts, Every) == (other.Commits, other.Aborts, other.Every)
        && Marks.AsSpan().SequenceEqual(other.Marks.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Commits, Aborts, Marks.Length);
}

using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>A share of WAL, in records and bytes; the page images in it, as stored.</summary>
public readonly record struct WalShare(long Records, long Bytes, long ImageBytes)
{
    public static WalShare operator +(WalShare left, WalShare right) => left.Add(right);

    public WalShare Add(WalShare other) =>
        new(Records + other.Records, Bytes + other.Bytes, ImageBytes + other.ImageBytes);
}

/// <summary>What the records that begin in one segment did.</summary>
/// <param name="Major">PostgreSQL's major version.</param>
/// <param name="FirstRecord">Where the first record begins; the segment's end when none does.</param>
/// <param name="FirstXid">Lowest and highest transaction that ended, in the order of their making; 0 for none.</param>
/// <param name="Managers">By resource manager, ascending.</param>
/// <param name="Relations">By the first relation that a record names, ascending.</param>
/// <param name="BlocksKnown">
/// False when a record changed files in a way that is not understood: an incremental backup must not trust the changed
/// blocks then.
/// </param>
/// <param name="Carried">What was under way at the end.</param>
public sealed record SegmentIndex(
    WalSegment Segment,
    int Major,
    Lsn FirstRecord,
    CommitTable Commits,
    uint FirstXid,
    uint LastXid,
    ImmutableArray<WalEvent> Events,
    ImmutableArray<KeyValuePair<byte, WalShare>> Managers,
    ImmutableArray<KeyValuePair<RelationFile, WalShare>> Relations,
    ChangedBlockSet Changed,
    bool BlocksKnown,
    CarriedState Carried);

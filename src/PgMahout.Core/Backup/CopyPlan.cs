using System.Collections.Immutable;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Indexing;

namespace PgMahout.Core.Backup;

/// <summary>A file as it was found in the data directory.</summary>
/// <param name="ModifiedAt">In ticks, as in <see cref="BackedFile"/>.</param>
public sealed record FoundFile(string Path, long Size, long ModifiedAt, int Mode);

/// <summary>What a backup takes of a file.</summary>
public abstract record Taking
{
    private Taking() { }

    public sealed record Whole : Taking;

    /// <summary>The parent has every byte of it.</summary>
    public sealed record Nothing : Taking;

    /// <summary>These blocks of the file, counted from its beginning; the parent has the others.</summary>
    public sealed record Blocks(ImmutableArray<BlockRun> Runs) : Taking;

    /// <summary>
    /// Every block is read, and taken when its LSN says that it was changed since the parent, or when it lies at or
    /// behind this length, in blocks, that the parent had.
    /// </summary>
    public sealed record ChangedSince(uint ParentBlocks) : Taking;
}

/// <summary>A stretch of a file.</summary>
/// <param name="File">Number in the list of files.</param>
public readonly record struct Extent(int File, long At, int Length);

/// <summary>What is read at once, and becomes one chunk.</summary>
public sealed record CopyUnit(ImmutableArray<Extent> Extents, int Length);

/// <summary>What an incremental backup builds on.</summary>
/// <param name="SameSource">The parent was read on the same member, so that times of files mean something.</param>
/// <param name="StartedAt">In ticks: times of files shortly before or after it are not trusted.</param>
/// <param name="Changes">Of all WAL since the parent's start; null: not known, the LSN of each page decides.</param>
public sealed record ParentFiles(
    BackupManifest Manifest, bool SameSource, long StartedAt, ChangedBlockSet? Changes);

/// <summary>Decides what of which file is taken, and how it is cut.</summary>
public static class CopyPlanning
{
    private const int BundledBytes = 256 << 10;
    private const int Block = BackupManifest.BlockSize;

    // The clock that stamps files ticks some milliseconds apart, and a file may change in the tick that it was read in.
    private const long Doubt = 2 * TimeSpan.TicksPerSecond;

    /// <summary>
    /// Not the files of unlogged relations, apart from what they are made empty from: a server that was not shut down
    /// cleanly makes them anew, and WAL knows nothing of them.
    /// </summary>
    public static ImmutableArray<FoundFile> WithoutUnlogged(ImmutableArray<FoundFile> files)
    {
        var unlogged = files
            .Select(file => DataPath.Relation(file.Path))
            .Where(relation => relation?.Fork.Fork == Fork.Init)
            .Select(relation => relation!.Value.Fork.File)
            .ToHashSet();
        return
        [
            .. files.Where(file => DataPath.Relation(file.Path) is not { } relation
                || relation.Fork.Fork == Fork.Init || !unlogged.Contains(relation.Fork.File)),
        ];
    }

    public static Taking Decide(FoundFile file, ParentFiles? parent)
    {
        if (parent?.Manifest.Find(file.Path) is not { } before || file.Path == DataPath.Control)
            return new Taking.Whole();
        var relation = DataPath.Relation(file.Path);
        if (relation is { Fork.Fork: Fork.Main } main && parent.Changes is { } changes)
            return ByChanges(file, before, main, changes);
        if (LooksUnchanged(file, before, parent))
            return new Taking.Nothing();
        // Other forks are not, or not fully, in WAL; their pages' LSNs say nothing.
        return relation is { Fork.Fork: Fork.Main } && file.Size % Block == 0 && before.Size % Block == 0
            ? new Taking.ChangedSince((uint)(Math.Min(before.Size, file.Size) / Block))
            : new Taking.Whole();
    }

    /// <summary>Large files are cut into chunks, small ones are put together, in the order of the list.</summary>
    public static ImmutableArray<CopyUnit> Cut(ImmutableArray<FoundFile> files, ImmutableArray<Taking> takings)
    {
        var units = ImmutableArray.CreateBuilder<CopyUnit>();
        var bundle = new List<Extent>();
        var bundled = 0;
        foreach (var extent in files.SelectMany((file, i) => Extents(i, file, takings[i])))
        {
            if (extent.Length > BundledBytes)
            {
                units.Add(new CopyUnit([extent], extent.Length));
                continue;
            }
            if (bundled + extent.Length > BackupManifest.ChunkBytes)
            {
                units.Add(new CopyUnit([.. bundle], bundled));
                bundle.Clear();
                bundled = 0;
            }
            bundle.Add(extent);
            bundled += extent.Length;
        }
        if (bundle.Count > 0)
            units.Add(new CopyUnit([.. bundle], bundled));
        return units.ToImmutable();
    }

    private static IEnumerable<Extent> Extents(int number, FoundFile file, Taking taking) => taking switch
    {
        Taking.Nothing => [],
        Taking.Blocks blocks => blocks.Runs.SelectMany(run =>
            Pieces(number, run.First * (long)Block, (long)run.End * Block)),
        _ => Pieces(number, 0, file.Size),
    };

    private static IEnumerable<Extent> Pieces(int number, long from, long to)
    {
        for (var at = from; at < to; at += BackupManifest.ChunkBytes)
            yield return new Extent(number, at, (int)Math.Min(BackupManifest.ChunkBytes, to - at));
    }

    private static bool LooksUnchanged(FoundFile file, BackedFile before, ParentFiles parent) =>
        parent.SameSource && file.Size == before.Size && file.ModifiedAt == before.ModifiedAt
        && file.ModifiedAt < parent.StartedAt - Doubt;

    private static Taking ByChanges(
        FoundFile file, BackedFile before, RelationSegment segment, ChangedBlockSet changes)
    {
        var relation = segment.Fork.File;
        if (changes.Created(relation) || changes.DatabaseTouched(relation.Database) || file.Size % Block != 0)
            return new Taking.Whole();
        changes.TryGet(segment.Fork, out var runs, out var limit);
        // Whatever the fork was cut down to in between, what lies behind was made since.
        var blocks = (uint)(file.Size / Block);
        var known = (uint)Math.Min(blocks, before.Size / Block);
        if (limit is { } cut)
            known = Math.Min(known, cut > segment.FirstBlock ? cut - segment.FirstBlock : 0);
        var taken = runs.Within(segment.FirstBlock, segment.FirstBlock + (ulong)known)
            .Select(run => run with { First = run.First - segment.FirstBlock })
            .ToList();
        if (known < blocks)
            taken.Add(new BlockRun(known, blocks - known));
        if (taken.Count == 0)
            return new Taking.Nothing();
        return known == 0 ? new Taking.Whole() : new Taking.Blocks([.. taken]);
    }
}

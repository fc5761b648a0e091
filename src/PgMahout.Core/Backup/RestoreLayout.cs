using System.Collections.Immutable;

namespace PgMahout.Core.Backup;

/// <summary>Where bytes of a chunk go.</summary>
/// <param name="File">Number in <see cref="RestoreLayout.Files"/>.</param>
/// <param name="Inside">Where in the chunk they begin.</param>
public readonly record struct Landing(int File, long At, int Length, int Inside);

/// <param name="Source">Number of the manifest in the chain, 0 the full backup.</param>
public sealed record ChunkUse(int Source, Chunk Chunk, ImmutableArray<Landing> Landings);

/// <summary>How a data directory is made of a chain of backups. Every byte of it is written once.</summary>
/// <param name="Files">Of the last backup.</param>
/// <param name="Uses">In the order of source, pack and offset, so that packs are read from beginning to end.</param>
/// <param name="Last">
/// What makes it a data directory that starts: the control file, written when everything else is on disk.
/// </param>
public sealed record RestoreLayout(
    ImmutableArray<BackedFile> Files, ImmutableArray<ChunkUse> Uses, ImmutableArray<ChunkUse> Last)
{
    /// <summary>Bytes that are to be written, holes left out.</summary>
    public long Bytes => Uses.Concat(Last).Sum(use => use.Landings.Sum(landing => (long)landing.Length));

    /// <param name="chain">A full backup first; each the parent of the next.</param>
    /// <param name="wanted">
    /// Files whose content is needed; the others become holes of their size. The control file is always needed.
    /// </param>
    /// <returns>Null when the chain does not fit together: a parent lacks a file that is laid over it.</returns>
    public static RestoreLayout? Of(ImmutableArray<BackupManifest> chain, Func<string, bool> wanted)
    {
        for (var i = 0; i < chain.Length; i++)
            if (chain[i].Parent != (i == 0 ? null : chain[i - 1].Id))
                return null;
        var files = chain[^1].Files;
        var building = new Building(chain);
        for (var number = 0; number < files.Length; number++)
        {
            var file = files[number];
            if (file.Path != DataPath.Control && wanted(file.Path) && !building.Lay(number, file))
                return null;
        }
        var uses = building.Take();
        var control = files.IndexOf(files.FirstOrDefault(file => file.Path == DataPath.Control)!);
        return control >= 0 && building.Lay(control, files[control])
            ? new RestoreLayout(files, uses, building.Take())
            : null;
    }

    private sealed class Building(ImmutableArray<BackupManifest> chain)
    {
        private readonly List<Landing>?[][] _landings =
            [.. chain.Select(manifest => new List<Landing>?[manifest.Chunks.Length])];

        public bool Lay(int number, BackedFile file) =>
            Lay(number, chain.Length - 1, file, 0, file.Size);

        public ImmutableArray<ChunkUse> Take()
        {
            var uses = new List<ChunkUse>();
            for (var source = 0; source < _landings.Length; source++)
                for (var chunk = 0; chunk < _landings[source].Length; chunk++)
                    if (_landings[source][chunk] is { } landings)
                    {
                        uses.Add(new ChunkUse(source, chain[source].Chunks[chunk], [.. landings]));
                        _landings[source][chunk] = null;
                    }
            return [.. uses.OrderBy(use => use.Source).ThenBy(use => use.Chunk.Pack).ThenBy(use => use.Chunk.Offset)];
        }

        /// <summary>The stretch of a file, as the backup <paramref name="source"/> has it.</summary>
        private bool Lay(int number, int source, BackedFile file, long from, long to)
        {
            var reached = from;
            for (var i = FirstBeyond(file.Pieces, from); i < file.Pieces.Length && file.Pieces[i].At < to; i++)
            {
                var piece = file.Pieces[i];
                var (begin, end) = (Math.Max(piece.At, from), Math.Min(piece.End, to));
                if (!LayBelow(number, source, file, reached, begin))
                    return false;
                var landings = _landings[source][piece.Chunk] ??= [];
                landings.Add(new Landing(number, begin, (int)(end - begin), piece.Inside + (int)(begin - piece.At)));
                reached = end;
            }
            return LayBelow(number, source, file, reached, to);
        }

        private bool LayBelow(int number, int source, BackedFile file, long from, long to)
        {
            if (from >= to || !file.OnParent)
                return true;
            return source > 0 && chain[source - 1].Find(file.Path) is { } below
                && Lay(number, source - 1, below, from, Math.Min(to, below.Size));
        }

        private static int FirstBeyond(ImmutableArray<Piece> pieces, long at)
        {
            var (low, high) = (0, pieces.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (pieces[middle].End <= at)
                    low = middle + 1;
                else
                    high = middle;
            }
            return low;
        }
    }
}

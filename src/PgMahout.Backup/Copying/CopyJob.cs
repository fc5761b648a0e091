using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Backup.Copying;

/// <summary>What to copy, from where, and what must be known for it.</summary>
/// <param name="ChangedSince">
/// A page with this LSN, or a later one, may have changed since the parent; null without a parent.
/// </param>
/// <param name="CheckedBefore">
/// Pages with an older LSN must have a right checksum; null when the server writes none. Others may be half written,
/// and replay makes them whole.
/// </param>
internal sealed record CopyOrder(
    string DataDirectory,
    ImmutableArray<FoundFile> Files,
    ImmutableArray<Taking> Takings,
    Lsn? ChangedSince,
    Lsn? CheckedBefore);

/// <summary>One piece of a file and the chunk it went into, until chunks have their numbers.</summary>
internal readonly record struct CopiedPiece(int File, long At, int Length, Chunk Chunk, int Inside);

/// <summary>What the threads of one backup share.</summary>
internal sealed class CopyJob(
    CopyOrder order, IReadOnlyDictionary<Digest, Chunk> stored, PackUploads packs, Throttle throttle,
    WorkProgress progress)
{
    private readonly ImmutableArray<CopyUnit> _units = CopyPlanning.Cut(order.Files, order.Takings);
    private readonly ConcurrentDictionary<int, bool> _vanished = new();
    private readonly ConcurrentDictionary<int, long> _shrunk = new();
    private readonly ConcurrentBag<BadPage> _badPages = [];
    private int _next;

    public CopyOrder Order => order;

    public PackUploads Packs => packs;

    public Throttle Throttle => throttle;

    public WorkProgress Progress => progress;

    public long Bytes => _units.Sum(unit => (long)unit.Length);

    /// <summary>Filled by the threads when they end.</summary>
    public ConcurrentBag<List<CopiedPiece>> Copied { get; } = [];

    public IEnumerable<BadPage> BadPages => _badPages
        .OrderBy(page => page.Path, StringComparer.Ordinal).ThenBy(page => page.Block);

    /// <summary>False when there is nothing left to do.</summary>
    public bool TryNext(out CopyUnit unit)
    {
        var next = Interlocked.Increment(ref _next) - 1;
        unit = next < _units.Length ? _units[next] : null!;
        return next < _units.Length;
    }

    /// <summary>A chunk that an earlier run stored, with the same content.</summary>
    public bool IsStored(Digest hash, int length, out Chunk chunk) =>
        stored.TryGetValue(hash, out chunk) && chunk.Plain == length;

    public void Vanished(int file) => _vanished[file] = true;

    public void Shrunk(int file, long size) => _shrunk.AddOrUpdate(file, size, (_, known) => Math.Min(known, size));

    public void Bad(int file, uint block) => _badPages.Add(new BadPage(order.Files[file].Path, block));

    /// <summary>The files as they were copied, without those that vanished.</summary>
    public ImmutableArray<BackedFile> Files(IReadOnlyDictionary<Chunk, int> numbers)
    {
        var pieces = new List<Piece>?[order.Files.Length];
        foreach (var copied in Copied.SelectMany(list => list))
            (pieces[copied.File] ??= []).Add(
                new Piece(copied.At, copied.Length, numbers[copied.Chunk], copied.Inside));
        var files = ImmutableArray.CreateBuilder<BackedFile>(order.Files.Length);
        for (var number = 0; number < order.Files.Length; number++)
            if (!_vanished.ContainsKey(number))
                files.Add(File(number, pieces[number] ?? []));
        return files.ToImmutable();
    }

    private BackedFile File(int number, List<Piece> pieces)
    {
        var found = order.Files[number];
        var size = _shrunk.TryGetValue(number, out var less) ? less : found.Size;
        pieces.Sort((left, right) => left.At.CompareTo(right.At));
        return new BackedFile(
            found.Path, size, found.ModifiedAt, found.Mode, order.Takings[number] is not Taking.Whole,
            [.. pieces.Where(piece => piece.End <= size)]);
    }
}

using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Backup;

/// <summary>Chains of random backups of a file, laid out and written into memory.</summary>
public sealed class RestoreLayoutTests
{
    private const string Path = "base/5/1";

    [Fact]
    public void A_chain_gives_the_bytes_of_its_last_backup_and_writes_each_once()
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var prng = new Prng(seed);
            var chain = new List<BackupManifest>();
            var contents = new List<byte[][]>();
            byte[] file = [];
            for (var i = 0; i <= prng.Below(5); i++)
                file = Next(prng, file, chain, contents);

            var layout = RestoreLayout.Of([.. chain], _ => true)!;
            var written = new byte[file.Length];
            var count = 0;
            foreach (var use in layout.Uses)
                foreach (var landing in use.Landings)
                {
                    var chunk = contents[use.Source][chain[use.Source].Chunks.IndexOf(use.Chunk)];
                    chunk.AsSpan(landing.Inside, landing.Length).CopyTo(written.AsSpan((int)landing.At));
                    count += landing.Length;
                }

            Assert.Equal(file, written);
            Assert.InRange(count, 0, file.Length);
        }
    }

    [Fact]
    public void Files_that_are_not_wanted_are_holes_and_the_control_file_comes_last()
    {
        var manifest = Manifest(0, [Control, new BackedFile(Path, 10, 0, 0, false, [new Piece(0, 10, 1, 0)])], 2);

        var all = RestoreLayout.Of([manifest], _ => true)!;
        var none = RestoreLayout.Of([manifest], _ => false)!;

        Assert.Equal(Path, all.Files[Assert.Single(Assert.Single(all.Uses).Landings).File].Path);
        Assert.Empty(none.Uses);
        Assert.Equal(DataPath.Control, none.Files[Assert.Single(Assert.Single(none.Last).Landings).File].Path);
    }

    [Fact]
    public void A_chain_with_a_hole_is_no_chain()
    {
        var full = Manifest(0, [Control], 1);
        var child = Manifest(1, [Control, new BackedFile(Path, 10, 0, 0, OnParent: true, [])], 1);

        Assert.Null(RestoreLayout.Of([child], _ => true));
        Assert.Null(RestoreLayout.Of([full, full], _ => true));
        Assert.Null(RestoreLayout.Of([full, child], _ => true));
        Assert.Null(RestoreLayout.Of([Manifest(0, [], 1)], _ => true));
    }

    private static BackedFile Control => new(DataPath.Control, 5, 0, 0, false, [new Piece(0, 5, 0, 0)]);

    private static BackupManifest Manifest(int number, ImmutableArray<BackedFile> files, int chunks) => new(
        new BackupId($"{number}"), number == 0 ? null : new BackupId($"{number - 1}"), "",
        ImmutableSortedDictionary<int, long>.Empty, [], [],
        [.. Enumerable.Range(0, chunks).Select(i => new Chunk(1, i * 10, 10, 1000, default))],
        [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)], []);

    /// <summary>Changes some bytes and the length, and makes a backup that has the changed ones.</summary>
    private static byte[] Next(Prng prng, byte[] before, List<BackupManifest> chain, List<byte[][]> contents)
    {
        var file = new byte[prng.Below(60)];
        before.AsSpan(0, Math.Min(before.Length, file.Length)).CopyTo(file);
        var taken = new List<(int At, int Length)>();
        for (var at = prng.Below(10); at < Math.Min(before.Length, file.Length); at += 1 + prng.Below(20))
        {
            var length = Math.Min(1 + prng.Below(8), Math.Min(before.Length, file.Length) - at);
            taken.Add((at, length));
            at += length;
        }
        if (file.Length > before.Length)
            taken.Add((before.Length, file.Length - before.Length));
        foreach (var (at, length) in taken)
            for (var i = at; i < at + length; i++)
                file[i] = (byte)(1 + prng.Below(255));
        var chunk = new byte[1000];
        var pieces = taken.Select(piece => new Piece(piece.At, piece.Length, 1, piece.At * 2)).ToImmutableArray();
        foreach (var piece in pieces)
            file.AsSpan((int)piece.At, piece.Length).CopyTo(chunk.AsSpan(piece.Inside));
        var number = chain.Count;
        chain.Add(Manifest(number, [Control, new BackedFile(Path, file.Length, 0, 0, number > 0, pieces)], 2));
        contents.Add([new byte[1000], chunk]);
        return file;
    }
}

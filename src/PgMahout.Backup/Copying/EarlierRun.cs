using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Copying;

/// <summary>What a run of the same name stored before it broke off.</summary>
internal sealed record EarlierRun(
    IReadOnlyDictionary<Digest, Chunk> Chunks, ImmutableSortedDictionary<int, long> Packs, int NextPack)
{
    /// <summary>Packs without a list are not used, and not overwritten either.</summary>
    public static async Task<EarlierRun> FindAsync(
        Repository repository, BackupNames names, CancellationToken cancellation)
    {
        var entries = WorkFailedException.Require(await repository.Store.ListAsync(names.Prefix, cancellation));
        if (entries.Any(entry => entry.Name == names.Head || entry.Name == names.Removal))
            throw new WorkFailedException(BackupProblems.Refused(
                $"there is a backup {names.Id} already", "its name is taken", "begin again with another name"));
        var chunks = new Dictionary<Digest, Chunk>();
        var packs = ImmutableSortedDictionary.CreateBuilder<int, long>();
        var next = 1;
        foreach (var entry in entries)
        {
            if (NumberOf(names, entry.Name, repository.Ending) is not { } number)
                continue;
            next = Math.Max(next, number + 1);
            var listed = await ChunksAsync(repository, names, number, cancellation);
            if (listed.Count == 0 || listed.Any(chunk => chunk.Offset + chunk.Stored > entry.Length))
                continue;
            packs[number] = entry.Length;
            foreach (var chunk in listed)
                chunks[chunk.Hash] = chunk;
        }
        return new EarlierRun(chunks, packs.ToImmutable(), next);
    }

    /// <summary>Removes the lists of packs, and packs of which nothing was used.</summary>
    public static async Task<Outcome> CleanAsync(
        Repository repository, BackupNames names, BackupManifest manifest, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(names.Prefix, cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome.Failed(listed.Failure!);
        var kept = manifest.Packs.Keys.Select(number => names.Pack(number, manifest.Ending))
            .Append(names.Head).Append(names.Manifest(manifest.Ending)).ToHashSet();
        return await repository.Store.DeleteAsync(
            [.. entries.Select(entry => entry.Name).Where(name => !kept.Contains(name))], cancellation);
    }

    private static async Task<List<Chunk>> ChunksAsync(
        Repository repository, BackupNames names, int number, CancellationToken cancellation)
    {
        var length = WorkFailedException.Require(
            await repository.Store.LengthAsync(names.Journal(number), cancellation));
        if (length is not { } bytes)
            return [];
        var text = new byte[bytes];
        var read = WorkFailedException.Require(
            await repository.Store.ReadAsync(names.Journal(number), 0, text, cancellation));
        return [.. PackJournal.Parse(text.AsMemory(0, read)).Where(chunk => chunk.Pack == number)];
    }

    /// <summary>Null for an object that is no pack of the present compression and encryption.</summary>
    private static int? NumberOf(BackupNames names, string name, string ending)
    {
        var first = names.Pack(0, ending);
        var prefix = first[..^(6 + ending.Length)];
        return name.Length == first.Length
            && name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(ending, StringComparison.Ordinal)
            && int.TryParse(
                name.AsSpan(prefix.Length, 6), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }
}

/// <summary>A file that the server wrote into the answer instead of the directory, or that is copied last.</summary>
internal sealed record CopiedExtra(FoundFile Found, Chunk Chunk)
{
    public const int Mode = 0x180;

    public BackedFile File(IReadOnlyDictionary<Chunk, int> numbers) => new(
        Found.Path, Found.Size, Found.ModifiedAt, Found.Mode, OnParent: false,
        [new Piece(0, (int)Found.Size, numbers[Chunk], 0)]);
}

using System.Collections.Immutable;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>
/// Changed blocks as bytes. A run is one number, the blocks passed over with a low bit for "more than one", and for
/// those their number: scattered blocks of a large table take a byte or two each.
/// </summary>
internal static class ChangedFormat
{
    public static void Write(IndexWriter writer, ChangedBlockSet changed)
    {
        var last = default(RelationFile);
        writer.Each(changed.Forks, fork =>
        {
            IndexFormat.FileAfter(writer, last, fork.Key.File);
            last = fork.Key.File;
            writer.Byte((byte)fork.Key.Fork);
            writer.Number(fork.Value.Limit is { } limit ? limit + 1UL : 0);
            ulong at = 0;
            writer.Each(fork.Value.Runs.Runs, run =>
            {
                writer.Number(((run.First - at) << 1) | (run.Count > 1 ? 1UL : 0));
                if (run.Count > 1)
                    writer.Number(run.Count - 2);
                at = run.End;
            });
        });
        last = default;
        writer.Each(changed.CreatedFiles, file =>
        {
            IndexFormat.FileAfter(writer, last, file);
            last = file;
        });
        writer.Each(changed.Databases, touched =>
        {
            writer.Number(touched.Tablespace);
            writer.Number(touched.Database);
        });
    }

    public static ChangedBlockSet Read(IndexReader reader)
    {
        var last = default(RelationFile);
        var forks = reader.Each(() =>
        {
            last = IndexFormat.ReadFileAfter(reader, last);
            var fork = reader.Byte();
            if (fork > (byte)Fork.Init)
                throw new InvalidDataException($"fork {fork} in a WAL index");
            return KeyValuePair.Create(new RelationFork(last, (Fork)fork), ReadChanges(reader));
        });
        last = default;
        var created = reader.Each(() => last = IndexFormat.ReadFileAfter(reader, last));
        return new ChangedBlockSet(
            forks, created, reader.Each(() => new TouchedDatabase(reader.Small(), reader.Small())));
    }

    private static ForkChanges ReadChanges(IndexReader reader)
    {
        var limit = reader.Number();
        if (limit > uint.MaxValue + 1UL)
            throw new InvalidDataException($"a fork of {limit} blocks in a WAL index");
        ulong at = 0;
        ImmutableArray<BlockRun> runs = reader.Each(() =>
        {
            var head = reader.Number();
            var first = at + (head >> 1);
            var count = (head & 1) == 0 ? 1 : reader.Number() + 2;
            at = first + count;
            if (first > uint.MaxValue || count > uint.MaxValue || at > uint.MaxValue + 1UL)
                throw new InvalidDataException($"block {first} of a fork in a WAL index");
            return new BlockRun((uint)first, (uint)count);
        });
        return new ForkChanges(new BlockRuns(runs), limit == 0 ? null : (uint)(limit - 1));
    }
}

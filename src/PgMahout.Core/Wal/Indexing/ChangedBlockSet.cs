using System.Collections.Immutable;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>What a stretch of WAL did to one fork.</summary>
/// <param name="Runs">Blocks below the limit that records touched.</param>
/// <param name="Limit">
/// The fewest blocks that the fork had at some moment of the stretch, 0 where it was created or dropped: every block
/// from there on is new. Null when it never shrank.
/// </param>
public sealed record ForkChanges(BlockRuns Runs, uint? Limit);

/// <summary>A database whose directory in this tablespace was made, removed or copied.</summary>
public readonly record struct TouchedDatabase(uint Tablespace, uint Database);

/// <summary>
/// Which blocks a stretch of WAL changed. It tells of main forks only: records that change a visibility map do not
/// always name its block, and the free space map is not in WAL at all, so that a backup takes the files of the other
/// forks whole. They are small.
/// <para>
/// A main fork that is not in it and existed at the stretch's beginning is as it was. One that is in it: blocks of
/// <see cref="ForkChanges.Runs"/>, and all from the limit on, are to be taken from the present file; and also those
/// behind the length that the file had before, since a server may extend a file without WAL. What is in it and not on
/// disk was dropped.
/// </para>
/// </summary>
public sealed class ChangedBlockSet
{
    public static readonly ChangedBlockSet Empty = new([], [], []);

    private readonly ImmutableArray<RelationFile> _created;
    private readonly ImmutableArray<TouchedDatabase> _databases;

    /// <param name="forks">By fork, ascending.</param>
    /// <param name="created">Ascending.</param>
    public ChangedBlockSet(
        ImmutableArray<KeyValuePair<RelationFork, ForkChanges>> forks,
        ImmutableArray<RelationFile> created,
        ImmutableArray<TouchedDatabase> databases)
    {
        Forks = forks;
        _created = created;
        _databases = databases;
    }

    /// <summary>Ascending by fork.</summary>
    public ImmutableArray<KeyValuePair<RelationFork, ForkChanges>> Forks { get; }

    public ImmutableArray<RelationFile> CreatedFiles => _created;

    /// <summary>Databases that were created, dropped or moved, with the tablespace it happened in.</summary>
    public ImmutableArray<TouchedDatabase> Databases => _databases;

    /// <summary>How many blocks records touched, limits left aside.</summary>
    public long Blocks => Forks.Sum(fork => fork.Value.Runs.Count);

    /// <summary>False when nothing happened to the fork.</summary>
    public bool TryGet(RelationFork fork, out BlockRuns runs, out uint? limit)
    {
        var index = Find(fork);
        runs = index < 0 ? BlockRuns.None : Forks[index].Value.Runs;
        limit = index < 0 ? null : Forks[index].Value.Limit;
        return index >= 0;
    }

    /// <summary>Whether its main fork came into being in the stretch; its limit is 0 then.</summary>
    public bool Created(RelationFile file) => _created.BinarySearch(file) >= 0;

    /// <summary>
    /// Whether the database was created, dropped or moved: then nothing that an older backup has under its number may
    /// be reused, in any tablespace.
    /// </summary>
    public bool DatabaseTouched(uint database) => _databases.Any(touched => touched.Database == database);

    /// <summary>Of stretches that together are one, in any order.</summary>
    public static ChangedBlockSet Merge(IEnumerable<ChangedBlockSet> parts)
    {
        var collected = new ChangedBlocksBuilder();
        foreach (var part in parts)
            collected.Add(part);
        return collected.Build();
    }

    private int Find(RelationFork fork)
    {
        int low = 0, high = Forks.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Forks[middle].Key.CompareTo(fork);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }
}

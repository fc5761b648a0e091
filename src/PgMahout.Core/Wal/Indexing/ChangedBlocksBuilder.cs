namespace PgMahout.Core.Wal.Indexing;

/// <summary>Collects changed blocks record by record, or set by set. For one thread.</summary>
public sealed class ChangedBlocksBuilder
{
    private readonly Dictionary<RelationFork, BlockBitmap> _forks = [];
    private readonly HashSet<RelationFile> _created = [];
    private readonly HashSet<TouchedDatabase> _databases = [];
    private RelationFork _lastFork = new(default, (Fork)byte.MaxValue);
    private BlockBitmap _last = new();

    public void Add(RelationFork fork, uint block) => Of(fork).Add(block);

    public void Shrink(RelationFork fork, uint limit) => Of(fork).Shrink(limit);

    public void Create(RelationFile file)
    {
        _created.Add(file);
        Shrink(new RelationFork(file, Fork.Main), 0);
    }

    public void Touch(TouchedDatabase database) => _databases.Add(database);

    public void Add(ChangedBlockSet set)
    {
        foreach (var (fork, changes) in set.Forks)
        {
            var bitmap = Of(fork);
            foreach (var run in changes.Runs.Runs)
                bitmap.Add(run);
            if (changes.Limit is { } limit)
                bitmap.Shrink(limit);
        }
        _created.UnionWith(set.CreatedFiles);
        _databases.UnionWith(set.Databases);
    }

    public ChangedBlockSet Build() => new(
        [
            .. _forks
                .OrderBy(fork => fork.Key)
                .Select(fork => KeyValuePair.Create(fork.Key, fork.Value.Changes())),
        ],
        [.. _created.Order()],
        [.. _databases.OrderBy(touched => touched.Database).ThenBy(touched => touched.Tablespace)]);

    private BlockBitmap Of(RelationFork fork)
    {
        if (fork == _lastFork)
            return _last;
        if (!_forks.TryGetValue(fork, out var bitmap))
            _forks[fork] = bitmap = new BlockBitmap();
        _lastFork = fork;
        _last = bitmap;
        return bitmap;
    }
}

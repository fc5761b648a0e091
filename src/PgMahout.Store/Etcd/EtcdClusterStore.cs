using PgMahout.Core.Cluster;

namespace PgMahout.Store.Etcd;

/// <summary>
/// The store of a cluster on several hosts: an etcd cluster, by the JSON gateway of its API v3. Every read is
/// linearizable, every change one transaction of etcd, and a record's revision is etcd's. Nothing is asked before the
/// first call, so that a store can be opened while etcd is away.
/// </summary>
public sealed class EtcdClusterStore : IClusterStore
{
    private readonly EtcdEndpoints _etcd;
    private readonly EtcdRecords _records;
    private readonly EtcdJournal _journal;
    private readonly EtcdWatch _watch;

    /// <param name="settings">Without a <see cref="EtcdSettings.Contradiction"/>.</param>
    public EtcdClusterStore(EtcdSettings settings)
    {
        if (settings.Contradiction() is { } contradiction)
            throw new ArgumentException($"The store's settings {contradiction}.", nameof(settings));
        var keys = new EtcdKeys(settings.Prefix);
        var history = new EtcdHistory();
        _etcd = new EtcdEndpoints(settings);
        _records = new EtcdRecords(_etcd, keys, history);
        _journal = new EtcdJournal(_etcd, keys, history);
        _watch = new EtcdWatch(_etcd, keys, _records);
    }

    public Task<StoreRead> ReadAsync(TimeSpan limit, CancellationToken cancellation) =>
        _records.ReadAsync(limit, cancellation);

    public Task<WriteOutcome> WriteAsync(StoreTransaction transaction, TimeSpan limit, CancellationToken cancellation)
    {
        transaction.EnsureUnambiguous();
        return _records.WriteAsync(transaction, limit, cancellation);
    }

    public IDisposable Watch(Action changed) => _watch.Subscribe(changed);

    public Task<WriteOutcome> AppendAsync(JournalEntry entry, TimeSpan limit, CancellationToken cancellation) =>
        _journal.AppendAsync(entry, limit, cancellation);

    public Task<JournalRead> ReadJournalAsync(int count, TimeSpan limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return _journal.ReadAsync(count, limit, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync().ConfigureAwait(false);
        _etcd.Dispose();
    }
}

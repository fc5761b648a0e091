using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;

namespace PgMahout.Tests.Store;

/// <summary>A store for the tests of those who use one. Its clients share it; it always answers.</summary>
internal sealed class InMemoryClusterStore : IClusterStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, StoreRecord> _records = new(StringComparer.Ordinal);
    private ImmutableArray<JournalEntry> _journal = [];
    private ImmutableList<Subscription> _subscriptions = [];
    private long _revision;
    private long _sequence;

    public Task<StoreRead> ReadAsync(TimeSpan limit, CancellationToken cancellation)
    {
        lock (_lock)
            return Answer<StoreRead>(new StoreRead.Content([.. _records.Values]), cancellation);
    }

    public Task<WriteOutcome> WriteAsync(StoreTransaction transaction, TimeSpan limit, CancellationToken cancellation)
    {
        transaction.EnsureUnambiguous();
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<WriteOutcome>(cancellation);
        lock (_lock)
        {
            foreach (var (key, expected) in transaction.Conditions)
            {
                var found = _records.TryGetValue(key, out var record) ? record.Revision : Revision.None;
                if (found != expected)
                    return Task.FromResult<WriteOutcome>(
                        new WriteOutcome.Refused(StoreCondition.Unmet(key, expected, found)));
            }
            var revision = new Revision(++_revision);
            foreach (var put in transaction.Puts)
                Apply(put, revision);
            foreach (var subscription in transaction.Puts.IsEmpty ? [] : _subscriptions)
                ThreadPool.QueueUserWorkItem(_ => subscription.Changed());
            return Task.FromResult<WriteOutcome>(new WriteOutcome.Done(revision));
        }
    }

    public IDisposable Watch(Action changed)
    {
        lock (_lock)
        {
            var subscription = new Subscription(this, changed);
            _subscriptions = _subscriptions.Add(subscription);
            if (_revision > 0)
                ThreadPool.QueueUserWorkItem(_ => subscription.Changed());
            return subscription;
        }
    }

    public Task<WriteOutcome> AppendAsync(JournalEntry entry, TimeSpan limit, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _journal = _journal.Add(entry with { Sequence = ++_sequence });
            if (_journal.Length > IClusterStore.JournalBound)
                _journal = _journal.RemoveAt(0);
            return Answer<WriteOutcome>(new WriteOutcome.Done(new Revision(++_revision)), cancellation);
        }
    }

    public Task<JournalRead> ReadJournalAsync(int count, TimeSpan limit, CancellationToken cancellation)
    {
        lock (_lock)
            return Answer<JournalRead>(new JournalRead.Content([.. _journal.TakeLast(count)]), cancellation);
    }

    /// <summary>Its clients share it, and one that leaves takes nothing away from the others.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Task<T> Answer<T>(T value, CancellationToken cancellation) =>
        cancellation.IsCancellationRequested ? Task.FromCanceled<T>(cancellation) : Task.FromResult(value);

    private void Apply(StorePut put, Revision revision)
    {
        if (put.Value is null)
            _records.Remove(put.Key);
        else
            _records[put.Key] = new StoreRecord(put.Key, put.Value, revision);
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
            _subscriptions = _subscriptions.Remove(subscription);
    }

    private sealed class Subscription(InMemoryClusterStore store, Action changed) : IDisposable
    {
        public Action Changed { get; } = changed;

        public void Dispose() => store.Remove(this);
    }
}

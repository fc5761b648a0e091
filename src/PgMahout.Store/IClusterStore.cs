using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store;

/// <summary>
/// A small set of named records that all members share, changed by compare-and-swap, plus the bounded journal.
/// A driver must be linearizable: a read sees every write that was answered before it began. Every call ends within
/// about its limit; a cancelled one throws <see cref="OperationCanceledException"/>, and a write that was cancelled is
/// as unknown as one that was not answered. Every driver passes the same contract tests.
/// </summary>
public interface IClusterStore : IAsyncDisposable
{
    /// <summary>The journal keeps this many entries, the newest.</summary>
    const int JournalBound = 2000;

    /// <summary>
    /// All records at one consistent moment. Never throws for an unreachable or damaged store. While nothing changes, a
    /// driver may give the same instance again.
    /// </summary>
    Task<StoreRead> ReadAsync(TimeSpan limit, CancellationToken cancellation);

    /// <summary>All puts or none, and only if every condition holds.</summary>
    Task<WriteOutcome> WriteAsync(StoreTransaction transaction, TimeSpan limit, CancellationToken cancellation);

    /// <summary>
    /// Calls <paramref name="changed"/> soon after any record changed (not the journal), by whomever, at least once for
    /// the last of several changes, on any thread; perhaps once at the start, for what was there but never read through
    /// this instance. Dispose to stop; a call that has begun by then may still be under way. A hint that shortens
    /// waiting; correctness never depends on it.
    /// </summary>
    IDisposable Watch(Action changed);

    /// <summary>
    /// Adds to the journal and trims its oldest entries. The entry's sequence number is given by the store; the
    /// revision that is answered is no record's.
    /// </summary>
    Task<WriteOutcome> AppendAsync(JournalEntry entry, TimeSpan limit, CancellationToken cancellation);

    /// <summary>The newest <paramref name="count"/> entries, oldest first.</summary>
    Task<JournalRead> ReadJournalAsync(int count, TimeSpan limit, CancellationToken cancellation);
}

/// <summary>A named record and the revision of its last change.</summary>
public sealed record StoreRecord(string Key, string Value, Revision Revision);

public abstract record StoreRead
{
    private StoreRead() { }

    /// <param name="Records">Sorted by key.</param>
    public sealed record Content(ImmutableArray<StoreRecord> Records) : StoreRead
    {
        public StoreRecord? Find(string key) => Records.FirstOrDefault(record => record.Key == key);
    }

    /// <summary>The store could not be read; <paramref name="Reason"/> says why, for people.</summary>
    public sealed record Unreachable(string Reason) : StoreRead;
}

public abstract record JournalRead
{
    private JournalRead() { }

    public sealed record Content(ImmutableArray<JournalEntry> Entries) : JournalRead;

    public sealed record Unreachable(string Reason) : JournalRead;
}

/// <summary>
/// A conditional change. The store answers with one new revision for all its puts: revisions grow with every change of
/// the store, over all keys, and never go back, also when a record is deleted and created again. No key is put twice.
/// </summary>
public sealed record StoreTransaction(ImmutableArray<StoreCondition> Conditions, ImmutableArray<StorePut> Puts)
{
    /// <summary>Compare-and-swap of one record; <see cref="Revision.None"/> expects that it does not exist.</summary>
    public static StoreTransaction Swap(string key, Revision expected, string? value) =>
        new([new StoreCondition(key, expected)], [new StorePut(key, value)]);

    /// <summary>For drivers, which would each take another of two puts to one key for the last.</summary>
    public void EnsureUnambiguous()
    {
        if (Puts.DistinctBy(put => put.Key).Count() != Puts.Length)
            throw new InvalidOperationException("a transaction puts one key twice");
    }
}

/// <summary>The record has exactly this revision; <see cref="Revision.None"/>: it does not exist.</summary>
public sealed record StoreCondition(string Key, Revision Expected)
{
    /// <summary>For people: in what the store differs from what was expected.</summary>
    public static string Unmet(string key, Revision expected, Revision found)
    {
        if (found == Revision.None)
            return $"the record '{key}' does not exist; revision {expected} was expected";
        return expected == Revision.None
            ? $"the record '{key}' exists already, at revision {found}"
            : $"the record '{key}' has changed: it is at revision {found}, and {expected} was expected";
    }
}

/// <summary>A null value deletes the record.</summary>
public sealed record StorePut(string Key, string? Value);

/// <summary>The three ends a write can have. Unknown is settled only by reading again.</summary>
public abstract record WriteOutcome
{
    private WriteOutcome() { }

    public sealed record Done(Revision Revision) : WriteOutcome;

    /// <summary>A condition did not hold; nothing was changed.</summary>
    public sealed record Refused(string Why) : WriteOutcome;

    /// <summary>No answer, or one that does not say; it may have been applied, or still be.</summary>
    public sealed record Unknown(string Reason) : WriteOutcome;
}

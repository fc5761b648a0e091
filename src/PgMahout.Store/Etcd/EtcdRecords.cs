using System.Text;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Etcd;

/// <summary>
/// The records in etcd. What was read is kept, and a later read asks only for what changed after it: while nothing
/// does, an answer is some hundred bytes, and still a linearizable one.
/// </summary>
internal sealed class EtcdRecords(EtcdEndpoints etcd, EtcdKeys keys, EtcdHistory history)
{
    /// <summary>Of etcd, as it is by default, for conditions and for puts.</summary>
    private const int MostOperations = 128;

    private Snapshot? _known;
    private long _readAt;

    /// <summary>The state up to this revision was read by this process; 0 before the first read.</summary>
    public long ReadUpTo => Volatile.Read(ref _known)?.Revision ?? 0;

    /// <summary>The newest change that a read has seen in the records that there are now.</summary>
    public long Changed => Volatile.Read(ref _known)?.Changed ?? 0;

    /// <summary>How long ago the last read was answered.</summary>
    public TimeSpan SinceRead => TimeProvider.System.GetElapsedTime(Volatile.Read(ref _readAt));

    public async Task<StoreRead> ReadAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        var read = await ReadAsync(Volatile.Read(ref _known), limit, cancellation).ConfigureAwait(false);
        if (read is not null)
            return read;
        // A record was deleted: which one, only all of them can tell.
        var left = limit - TimeProvider.System.GetElapsedTime(began);
        return (await ReadAsync(null, left, cancellation).ConfigureAwait(false))!;
    }

    public async Task<WriteOutcome> WriteAsync(
        StoreTransaction transaction, TimeSpan limit, CancellationToken cancellation)
    {
        if (transaction.Conditions.Length > MostOperations || transaction.Puts.Length > MostOperations)
            throw new InvalidOperationException($"a transaction has more than {MostOperations} conditions or puts");
        var before = history.Newest;
        var reply = await etcd.WriteAsync(Call(transaction), limit, cancellation).ConfigureAwait(false);
        if (reply is EtcdReply<TransactionReply>.Failed failed)
            return new WriteOutcome.Unknown(Sentence(failed));
        var answer = ((EtcdReply<TransactionReply>.Answered)reply).Value;
        if (history.Objection(answer.Header, before) is { } objection)
            return new WriteOutcome.Unknown($"The store in etcd {objection}.");
        return answer.Succeeded
            ? new WriteOutcome.Done(new Revision(answer.Header.Revision))
            : new WriteOutcome.Refused(Unmet(transaction, answer));
    }

    public static string Sentence<T>(EtcdReply<T>.Failed failed) => failed.Fate switch
    {
        Fate.Unsettled => $"The store in etcd: {failed.Why}.",
        Fate.NeverApplied or Fate.Rejected or Fate.Unauthenticated =>
            $"The store in etcd: {failed.Why}; nothing was changed.",
    };

    /// <returns>Null when a record was deleted after <paramref name="known"/>.</returns>
    private async Task<StoreRead?> ReadAsync(Snapshot? known, TimeSpan limit, CancellationToken cancellation)
    {
        var before = history.Newest;
        var call = EtcdCall<RangeReply>.Of(
            "/v3/kv/range",
            new RangeRequest(keys.Records, keys.RecordsEnd, known?.Revision + 1),
            EtcdJson.Default.RangeRequest,
            EtcdJson.Default.RangeReply);
        var reply = await etcd.ReadAsync(call, limit, cancellation).ConfigureAwait(false);
        if (reply is EtcdReply<RangeReply>.Failed failed)
            return new StoreRead.Unreachable($"The store in etcd: {failed.Why}.");
        var answer = ((EtcdReply<RangeReply>.Answered)reply).Value;
        if (history.Objection(answer.Header, before) is { } objection)
            return new StoreRead.Unreachable($"The store in etcd {objection}.");
        if (Merge(known, answer) is not { } merged)
            return null;
        Remember(merged);
        return merged.Content;
    }

    /// <summary>
    /// The answer has the keys that changed and the number of all. Those that were known, with those that are new, are
    /// more than that number exactly when some were deleted.
    /// </summary>
    private Snapshot? Merge(Snapshot? known, RangeReply answer)
    {
        if (known is not null && answer.Kvs.IsEmpty && answer.Count == known.Content.Records.Length)
            return known with { Revision = answer.Header.Revision };
        var records = known?.Content.Records.ToDictionary(record => record.Key, StringComparer.Ordinal) ?? [];
        foreach (var pair in answer.Kvs)
        {
            var key = keys.RecordOf(pair);
            records[key] = new StoreRecord(key, Encoding.UTF8.GetString(pair.Value), new Revision(pair.ModRevision));
        }
        return records.Count == answer.Count
            ? new Snapshot(
                answer.Header.Revision,
                new StoreRead.Content([.. records.Values.OrderBy(record => record.Key, StringComparer.Ordinal)]))
            : null;
    }

    private void Remember(Snapshot read)
    {
        Volatile.Write(ref _readAt, TimeProvider.System.GetTimestamp());
        for (var known = Volatile.Read(ref _known);
            known is null || known.Revision < read.Revision;
            known = Volatile.Read(ref _known))
            Interlocked.CompareExchange(ref _known, read, known);
    }

    private EtcdCall<TransactionReply> Call(StoreTransaction transaction) => EtcdCall<TransactionReply>.Of(
        "/v3/kv/txn",
        new TransactionRequest(
            transaction.Conditions.Select(condition => new EtcdCompare(keys.Record(condition.Key), "MOD", "EQUAL")
            {
                ModRevision = condition.Expected.Value,
            }),
            transaction.Puts.Select(put => put.Value is { } value
                ? new EtcdOperation
                {
                    RequestPut = new PutRequest(keys.Record(put.Key), Encoding.UTF8.GetBytes(value)),
                }
                : new EtcdOperation { RequestDeleteRange = new DeleteRequest(keys.Record(put.Key)) }),
            transaction.Conditions.Select(condition => new EtcdOperation
            {
                RequestRange = new RangeRequest(keys.Record(condition.Key)) { KeysOnly = true },
            })),
        EtcdJson.Default.TransactionRequest,
        EtcdJson.Default.TransactionReply);

    /// <summary>What was found in the very moment in which the conditions were compared.</summary>
    private static string Unmet(StoreTransaction transaction, TransactionReply answer)
    {
        foreach (var (condition, found) in transaction.Conditions.Zip(answer.Responses))
        {
            var revision = new Revision(found.ResponseRange?.Kvs.FirstOrDefault()?.ModRevision ?? 0);
            if (revision != condition.Expected)
                return StoreCondition.Unmet(condition.Key, condition.Expected, revision);
        }
        return "a condition did not hold";
    }

    private sealed record Snapshot(long Revision, StoreRead.Content Content)
    {
        public long Changed { get; } = Content.Records.Select(record => record.Revision.Value).DefaultIfEmpty().Max();
    }
}

using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Store.Records;

namespace PgMahout.Store.Etcd;

/// <summary>
/// The journal in etcd: a key for each entry, numbered without gaps. A writer takes the number after the newest entry
/// it knows of, if that is still the newest; of several at once one is first, and the others learn its number from the
/// refusal. The same transaction removes what is beyond the bound, as a rule one key, whose place is known: no scan.
/// </summary>
internal sealed class EtcdJournal(EtcdEndpoints etcd, EtcdKeys keys, EtcdHistory history)
{
    private const long Unknown = -1;

    private long _newest = Unknown;

    public async Task<WriteOutcome> AppendAsync(JournalEntry entry, TimeSpan limit, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        var value = Encoding.UTF8.GetBytes(JournalCodec.Encode(entry));
        while (true)
        {
            var (newest, problem) = await NewestAsync(Left(), cancellation).ConfigureAwait(false);
            if (problem is not null)
                return new WriteOutcome.Unknown(problem);
            var before = history.Newest;
            var reply = await etcd.WriteAsync(Call(newest + 1, value), Left(), cancellation).ConfigureAwait(false);
            if (reply is EtcdReply<TransactionReply>.Failed failed)
                return new WriteOutcome.Unknown(EtcdRecords.Sentence(failed));
            var answer = ((EtcdReply<TransactionReply>.Answered)reply).Value;
            if (history.Objection(answer.Header, before) is { } objection)
                return new WriteOutcome.Unknown($"The store in etcd {objection}.");
            Volatile.Write(ref _newest, answer.Succeeded ? newest + 1 : Newest(answer));
            if (answer.Succeeded)
                return new WriteOutcome.Done(new Revision(answer.Header.Revision));
        }

        TimeSpan Left() => limit - TimeProvider.System.GetElapsedTime(began);
    }

    public async Task<JournalRead> ReadAsync(int count, TimeSpan limit, CancellationToken cancellation)
    {
        // To etcd a limit of 0 is none.
        var call = NewestFirst(Math.Max(1, count), keysOnly: count == 0);
        return await RangeAsync(call, limit, cancellation).ConfigureAwait(false) switch
        {
            (null, var problem) => new JournalRead.Unreachable(problem!),
            ({ } pairs, _) => Decode(pairs.Take(count)),
        };
    }

    /// <summary>The number of the newest entry as far as it is known, 0 if there is none.</summary>
    private async Task<(long Newest, string? Problem)> NewestAsync(TimeSpan limit, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _newest) is var known and not Unknown)
            return (known, null);
        var (pairs, problem) =
            await RangeAsync(NewestFirst(1, keysOnly: true), limit, cancellation).ConfigureAwait(false);
        return pairs is { } found ? (found.Select(keys.SequenceOf).FirstOrDefault() ?? 0, null) : (0, problem);
    }

    private async Task<(ImmutableArray<EtcdKeyValue>? Pairs, string? Problem)> RangeAsync(
        EtcdCall<RangeReply> call, TimeSpan limit, CancellationToken cancellation)
    {
        var before = history.Newest;
        var reply = await etcd.ReadAsync(call, limit, cancellation).ConfigureAwait(false);
        if (reply is EtcdReply<RangeReply>.Failed failed)
            return (null, $"The store in etcd: {failed.Why}.");
        var answer = ((EtcdReply<RangeReply>.Answered)reply).Value;
        return history.Objection(answer.Header, before) is { } objection
            ? (null, $"The store in etcd {objection}.")
            : (answer.Kvs, null);
    }

    private JournalRead Decode(IEnumerable<EtcdKeyValue> newestFirst)
    {
        try
        {
            return new JournalRead.Content(
            [
                .. newestFirst.Reverse().Select(pair => JournalCodec.Decode(
                    keys.SequenceOf(pair) ?? throw new RecordFault("The journal has a key that is no number."),
                    Encoding.UTF8.GetString(pair.Value))),
            ]);
        }
        catch (RecordFault fault)
        {
            return new JournalRead.Unreachable(fault.Message);
        }
    }

    private EtcdCall<RangeReply> NewestFirst(int count, bool keysOnly) => EtcdCall<RangeReply>.Of(
        "/v3/kv/range",
        new RangeRequest(keys.Journal, keys.JournalEnd)
        {
            Limit = count,
            SortTarget = "KEY",
            SortOrder = "DESCEND",
            KeysOnly = keysOnly ? true : null,
        },
        EtcdJson.Default.RangeRequest,
        EtcdJson.Default.RangeReply);

    private EtcdCall<TransactionReply> Call(long sequence, byte[] value)
    {
        var self = keys.Entry(sequence);
        // A range without keys compares as one key that does not exist.
        var predecessor = sequence == 1
            ? new EtcdCompare(keys.Journal, "VERSION", "EQUAL") { RangeEnd = keys.JournalEnd, Version = 0 }
            : new EtcdCompare(keys.Entry(sequence - 1), "VERSION", "GREATER") { Version = 0 };
        var put = new EtcdOperation { RequestPut = new PutRequest(self, value) };
        var oldestKept = sequence - IClusterStore.JournalBound + 1;
        return EtcdCall<TransactionReply>.Of(
            "/v3/kv/txn",
            new TransactionRequest(
                [predecessor, new EtcdCompare(self, "VERSION", "EQUAL") { Version = 0 }],
                oldestKept <= 1 ? [put] : [put, Delete(oldestKept)],
                [new EtcdOperation { RequestRange = new RangeRequest(self, keys.JournalEnd) { KeysOnly = true } }]),
            EtcdJson.Default.TransactionRequest,
            EtcdJson.Default.TransactionReply);

        EtcdOperation Delete(long before) =>
            new() { RequestDeleteRange = new DeleteRequest(keys.Journal, keys.Entry(before)) };
    }

    /// <summary>The entries after the one that was expected to be the newest; none if the journal began anew.</summary>
    private long Newest(TransactionReply refusal) =>
        refusal.Responses.FirstOrDefault()?.ResponseRange?.Kvs.LastOrDefault() is { } last
            ? keys.SequenceOf(last) ?? Unknown
            : Unknown;
}

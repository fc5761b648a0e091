using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>
/// Follows what running transactions do, and says when one ends what of it is worth keeping. Subtransactions are
/// followed by their own number until the end of the top-level one names them.
/// </summary>
internal sealed class TransactionTracker
{
    private readonly Dictionary<uint, TransactionWork> _running = [];
    private readonly Stack<TransactionWork> _spare = [];
    private uint _lastXid;
    private TransactionWork? _last;

    public void Restore(ImmutableArray<OpenTransaction> open)
    {
        foreach (var transaction in open)
            Of(transaction.Xid, transaction.Since.Value).Restore(transaction);
    }

    public ImmutableArray<OpenTransaction> Snapshot() =>
        [.. _running.OrderBy(running => running.Key).Select(running => running.Value.Snapshot(running.Key))];

    public TransactionWork Of(uint xid, ulong at)
    {
        if (xid == _lastXid && _last is not null)
            return _last;
        if (!_running.TryGetValue(xid, out var work))
        {
            work = _spare.Count > 0 ? _spare.Pop() : new TransactionWork();
            work.Begin(at);
            _running[xid] = work;
        }
        _lastXid = xid;
        _last = work;
        return work;
    }

    /// <summary>A prepared transaction's subtransactions are one with it from then on.</summary>
    public void Prepare(TransactionPrepare prepared, ulong at)
    {
        var work = Of(prepared.Xid, at);
        work.Gid = prepared.Gid;
        Fold(work, prepared.Subtransactions);
    }

    /// <summary>What is worth keeping of a transaction that ended at <paramref name="at"/>.</summary>
    /// <param name="threshold">From so many rows on a change of rows is.</param>
    public void End(TransactionEnd end, ulong at, int threshold, List<WalEvent> into)
    {
        var known = _running.TryGetValue(end.Xid, out var work) ||
            end.Subtransactions.Any(xid => _running.ContainsKey(xid));
        if (known)
        {
            work ??= Of(end.Xid, at);
            Fold(work, end.Subtransactions);
            Forget(end.Xid);
        }
        if (end.Committed)
            Tell(end, work, at, threshold, into);
        else if (work is not null)
            into.AddRange(work.Databases.Where(pending => !pending.Created).Select(pending => Dropped(pending, end)));
        if (work is not null)
            _spare.Push(work);
    }

    /// <summary>Those that began before <paramref name="oldest"/>, the oldest one running, ended unseen.</summary>
    public void ForgetBefore(uint oldest)
    {
        foreach (var xid in _running.Keys.Where(xid => (int)(xid - oldest) < 0).ToArray())
            Forget(xid);
    }

    /// <summary>The server was down: only prepared transactions outlive it.</summary>
    public void ForgetUnprepared()
    {
        foreach (var xid in _running.Where(running => running.Value.Gid is null).Select(r => r.Key).ToArray())
            Forget(xid);
    }

    private void Tell(TransactionEnd end, TransactionWork? work, ulong at, int threshold, List<WalEvent> into)
    {
        var commit = new Lsn(at);
        var made = work is null ? [] : work.Made.ToHashSet();
        ImmutableArray<RelationFile> lost = [.. end.Lost.Where(file => !made.Contains(file))];
        var since = work is null ? commit : new Lsn(work.Since);
        if (!lost.IsEmpty)
        {
            var dropped = Dropped(end, made);
            into.Add(new WalEvent.FilesLost(
                commit, since, end.Time, end.Xid, end.Database, lost, [.. made.Except(end.Lost).Order()], dropped)
            {
                Transient = dropped.Length < end.Objects.Length,
            });
        }
        if (work is null)
            return;
        foreach (var row in work.Rows.Where(row => row.Deleted + row.Updated >= threshold))
            into.Add(new WalEvent.RowsChanged(
                commit, since, end.Time, end.Xid, row.File, row.Deleted, row.Updated));
        foreach (var pending in work.Databases)
            into.Add(pending.Created
                ? new WalEvent.DatabaseCreated(
                    pending.At, end.Time, end.Xid, pending.Database, pending.Tablespaces[0])
                : Dropped(pending, end));
    }

    private static WalEvent.DatabaseDropped Dropped(PendingDatabase pending, TransactionEnd end) =>
        new(pending.At, pending.StopBefore, end.Time, end.Xid, pending.Database, pending.Tablespaces);

    /// <summary>A rewrite works on a relation of its own, its file named by its OID: that one is no loss.</summary>
    private static ImmutableArray<DroppedObject> Dropped(TransactionEnd end, HashSet<RelationFile> made)
    {
        var numbers = made.Select(file => file.Number).ToHashSet();
        return
        [
            .. end.Objects.Where(dropped =>
                dropped.Kind != DroppedObject.RelationKind || !numbers.Contains(dropped.Oid)),
        ];
    }

    private void Fold(TransactionWork work, IEnumerable<uint> subtransactions)
    {
        foreach (var xid in subtransactions)
            if (_running.TryGetValue(xid, out var part))
            {
                work.Absorb(part);
                Forget(xid);
                _spare.Push(part);
            }
    }

    private void Forget(uint xid)
    {
        _running.Remove(xid);
        _last = null;
    }
}

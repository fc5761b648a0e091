using System.Runtime.InteropServices;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Takes records in order and makes the index of one segment after another. For one thread.</summary>
/// <param name="threshold">From so many rows of one relation on a transaction's deletes and updates are told.</param>
internal sealed class RecordCollector(int threshold)
{
    private readonly TransactionTracker _transactions = new();
    private readonly Dictionary<uint, ulong> _invalidated = [];
    private readonly WalShare[] _managers = new WalShare[256];
    private readonly Dictionary<RelationFile, WalShare> _relations = [];
    private readonly List<WalEvent> _events = [];
    private CommitCollector _commits = new();
    private ChangedBlocksBuilder _changed = new();
    private ulong? _firstRecord;
    private uint _firstXid;
    private uint _lastXid;
    private bool _blocksKnown = true;
    private bool _complete;
    private uint? _knownFrom;

    public void Restore(CarriedState carried)
    {
        _complete = carried.Complete;
        _transactions.Restore(carried.Open);
        _invalidated.Clear();
        foreach (var invalidated in carried.Invalidated)
            _invalidated[invalidated.Database] = invalidated.At.Value;
    }

    public void Add(WalRecord record)
    {
        _firstRecord ??= record.Start;
        var share = new WalShare(1, record.Length, record.ImageBytes);
        _managers[record.Manager] = _managers[record.Manager].Add(share);
        var blocks = record.Blocks;
        if (blocks.Length > 0)
        {
            ref var relation = ref CollectionsMarshal.GetValueRefOrAddDefault(_relations, blocks[0].File, out _);
            relation = relation.Add(share);
        }
        foreach (ref readonly var block in blocks)
            if (block.Fork == Fork.Main)
                _changed.Add(new RelationFork(block.File, Fork.Main), block.Block);
        Interpret(record);
    }

    /// <summary>What the segment's records did; the next one begins empty.</summary>
    public SegmentIndex Finish(WalSegment segment, int major)
    {
        var index = new SegmentIndex(
            segment,
            major,
            _firstRecord is { } first ? new Lsn(first) : segment.End,
            _commits.Build(),
            _firstXid,
            _lastXid,
            [.. _events],
            [
                .. Enumerable.Range(0, 256)
                    .Where(manager => _managers[manager].Records > 0)
                    .Select(manager => KeyValuePair.Create((byte)manager, _managers[manager])),
            ],
            [.. _relations.OrderBy(relation => relation.Key)],
            _changed.Build(),
            _blocksKnown,
            new CarriedState(
                _complete,
                _transactions.Snapshot(),
                [
                    .. _invalidated.OrderBy(invalidated => invalidated.Key)
                        .Select(i => new InvalidatedDatabase(i.Key, new Lsn(i.Value))),
                ]));
        _commits = new CommitCollector();
        _changed = new ChangedBlocksBuilder();
        Array.Clear(_managers);
        _relations.Clear();
        _events.Clear();
        _firstRecord = null;
        _firstXid = _lastXid = 0;
        _blocksKnown = true;
        return index;
    }

    private void Interpret(WalRecord record)
    {
        switch (record.Manager)
        {
            case Rmgr.Heap:
                Heap(record);
                break;
            case Rmgr.Transaction:
                Transaction(record);
                break;
            case Rmgr.Storage:
                Storage(record);
                break;
            case Rmgr.Database:
                Database(record);
                break;
            case Rmgr.Xlog:
                Xlog(record);
                break;
            case Rmgr.Standby when ServerRecords.Running(record) is var (next, oldest):
                Running(next, oldest);
                break;
            case Rmgr.LogicalMessage when ServerRecords.Message(record) is { } message:
                _events.Add(message);
                break;
            default:
                _blocksKnown &= !record.ChangesFilesOtherwise;
                break;
        }
    }

    private void Heap(WalRecord record)
    {
        switch (HeapRecords.ChangeOf(record))
        {
            case HeapChange.Delete when HeapRecords.IsUser(record):
                _transactions.Of(record.Xid, record.Start).Count(record.Blocks[0].File, 1, 0);
                break;
            case HeapChange.Update when HeapRecords.IsUser(record):
                _transactions.Of(record.Xid, record.Start).Count(record.Blocks[0].File, 0, 1);
                break;
            case HeapChange.InPlace when HeapRecords.InvalidatedDatabase(record) is { } database:
                _invalidated[database] = record.Start;
                break;
            case HeapChange.Truncate:
                _events.Add(HeapRecords.Truncated(record));
                break;
            case HeapChange.Delete or HeapChange.Update or HeapChange.InPlace or HeapChange.None:
                break;
        }
    }

    private void Transaction(WalRecord record)
    {
        if (TransactionPrepare.Is(record))
            _transactions.Prepare(TransactionPrepare.Read(record), record.Start);
        if (!TransactionEnd.Is(record))
            return;
        var end = TransactionEnd.Read(record);
        if (end.Committed)
            _commits.Commit(record.Start, end.Time);
        else
            _commits.Abort();
        NoteXid(end.Xid);
        foreach (var file in end.Lost)
            _changed.Shrink(new RelationFork(file, Fork.Main), 0);
        _transactions.End(end, record.Start, threshold, _events);
    }

    private void NoteXid(uint xid)
    {
        if (_firstXid == 0 || (int)(xid - _firstXid) < 0)
            _firstXid = xid;
        if (_lastXid == 0 || (int)(xid - _lastXid) > 0)
            _lastXid = xid;
    }

    private void Storage(WalRecord record)
    {
        if (StorageRecords.Created(record) is { } created)
        {
            if (created.Fork != Fork.Main)
                return;
            _changed.Create(created.File);
            if (record.Xid != 0)
                _transactions.Of(record.Xid, record.Start).Made.Add(created.File);
        }
        else if (StorageRecords.Truncated(record) is var (file, length))
            _changed.Shrink(new RelationFork(file, Fork.Main), length);
        else if (!StorageRecords.TouchesOtherForks(record))
            _blocksKnown = false;
    }

    private void Database(WalRecord record)
    {
        var pending = DatabaseRecords.Read(record);
        foreach (var tablespace in pending.Tablespaces)
            _changed.Touch(new TouchedDatabase(tablespace, pending.Database));
        if (!pending.Created && _invalidated.Remove(pending.Database, out var marked))
            pending = pending with { StopBefore = new Lsn(marked) };
        _transactions.Of(record.Xid, record.Start).Databases.Add(pending);
    }

    /// <summary>When all have ended that ran when this began to look, nothing is half known any more.</summary>
    private void Running(uint next, uint oldest)
    {
        _transactions.ForgetBefore(oldest);
        _knownFrom ??= next;
        _complete |= (int)(oldest - _knownFrom.Value) >= 0;
    }

    private void Xlog(WalRecord record)
    {
        var told = ServerRecords.Event(record);
        if (told is not null)
            _events.Add(told);
        if (told is WalEvent.Checkpoint { Shutdown: true } or WalEvent.EndOfRecovery)
        {
            _transactions.ForgetUnprepared();
            _complete = true;
        }
    }
}

using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>What a transaction or subtransaction did so far, while its records pass by.</summary>
internal sealed class TransactionWork
{
    private readonly List<RowCount> _rows = [];

    public ulong Since { get; private set; }

    public string? Gid { get; set; }

    public List<RelationFile> Made { get; } = [];

    public List<PendingDatabase> Databases { get; } = [];

    public IReadOnlyList<RowCount> Rows => _rows;

    public void Begin(ulong at)
    {
        Since = at;
        Gid = null;
        Made.Clear();
        Databases.Clear();
        _rows.Clear();
    }

    public void Count(RelationFile file, long deleted, long updated)
    {
        // A transaction writes to few relations, and mostly to the one it wrote to last.
        for (var i = _rows.Count - 1; i >= 0; i--)
            if (_rows[i].File == file)
            {
                var known = _rows[i];
                _rows[i] = new RowCount(file, known.Deleted + deleted, known.Updated + updated);
                return;
            }
        _rows.Add(new RowCount(file, deleted, updated));
    }

    public void Absorb(TransactionWork other)
    {
        Since = Math.Min(Since, other.Since);
        Made.AddRange(other.Made);
        Databases.AddRange(other.Databases);
        foreach (var row in other._rows)
            Count(row.File, row.Deleted, row.Updated);
    }

    public OpenTransaction Snapshot(uint xid) =>
        new(xid, new Lsn(Since), Gid, [.. Made], [.. _rows], [.. Databases]);

    public void Restore(OpenTransaction open)
    {
        Begin(open.Since.Value);
        Gid = open.Gid;
        Made.AddRange(open.Made);
        Databases.AddRange(open.Databases);
        _rows.AddRange(open.Rows);
    }
}

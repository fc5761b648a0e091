using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Collects the commits of one segment; thins them out when they become many.</summary>
internal sealed class CommitCollector
{
    private readonly List<CommitMark> _marks = [];
    private long _commits;
    private long _aborts;
    private bool _every = true;

    public void Commit(ulong at, DateTimeOffset time)
    {
        _commits++;
        var mark = new CommitMark(new Lsn(at), time);
        if (_every)
        {
            _marks.Add(mark);
            if (_marks.Count > CommitTable.MostMarks)
                Thin();
        }
        else
            AddThin(mark);
    }

    public void Abort() => _aborts++;

    public CommitTable Build() => new(_commits, _aborts, [.. _marks], _every);

    private void Thin()
    {
        _every = false;
        var all = _marks.ToArray();
        _marks.Clear();
        foreach (var mark in all)
            AddThin(mark);
    }

    private void AddThin(CommitMark mark)
    {
        if (_marks.Count == 0 || _marks[^1].At.Value / CommitTable.Stretch != mark.At.Value / CommitTable.Stretch)
            _marks.Add(mark);
        else if (_marks[^1].Time < mark.Time)
            _marks[^1] = mark;
    }
}

using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>
/// Several segments are stored at once and end in any order; only what has nothing missing before it is confirmed.
/// </summary>
/// <param name="start">Everything before it is stored.</param>
public sealed class StoredPrefix(Lsn start)
{
    private readonly SortedDictionary<ulong, ulong> _beyond = [];

    /// <summary>Behind the last byte before the first that is not stored yet.</summary>
    public Lsn End { get; private set; } = start;

    /// <summary>These bytes are durable; whether the end moved.</summary>
    public bool Add(Lsn from, Lsn to)
    {
        if (from > End)
        {
            _beyond[from.Value] = Math.Max(to.Value, _beyond.GetValueOrDefault(from.Value));
            return false;
        }
        if (to <= End)
            return false;
        End = to;
        while (_beyond.Count > 0 && _beyond.First() is var (next, until) && next <= End.Value)
        {
            _beyond.Remove(next);
            End = new Lsn(Math.Max(End.Value, until));
        }
        return true;
    }
}

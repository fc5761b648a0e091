namespace PgMahout.Simulation.World;

/// <summary>
/// What will happen, ordered by virtual time and then by the order of planning, so that a seed always gives the same
/// run. A binary heap of values: planning an event allocates nothing but its own closure.
/// </summary>
internal sealed class EventQueue
{
    private Entry[] _heap = new Entry[256];
    private long _sequence;

    public int Count { get; private set; }

    /// <param name="at">Virtual nanoseconds.</param>
    /// <param name="owner">The process in which it happens; null for the network, the store and the world.</param>
    public void Add(long at, SimProcess? owner, Action run)
    {
        if (Count == _heap.Length)
            Array.Resize(ref _heap, Count * 2);
        var entry = new Entry(at, _sequence++, owner, owner?.Life ?? 0, run);
        var index = Count++;
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (_heap[parent].IsBefore(entry))
                break;
            _heap[index] = _heap[parent];
            index = parent;
        }
        _heap[index] = entry;
    }

    /// <summary>When the next event happens; there must be one.</summary>
    public long NextAt => _heap[0].At;

    public Entry Next()
    {
        var first = _heap[0];
        var last = _heap[--Count];
        _heap[Count] = default;
        if (Count > 0)
            SiftDown(last);
        return first;
    }

    private void SiftDown(Entry entry)
    {
        var index = 0;
        while (true)
        {
            var child = 2 * index + 1;
            if (child >= Count)
                break;
            if (child + 1 < Count && _heap[child + 1].IsBefore(_heap[child]))
                child++;
            if (entry.IsBefore(_heap[child]))
                break;
            _heap[index] = _heap[child];
            index = child;
        }
        _heap[index] = entry;
    }

    /// <param name="Life">The owner's life when this was planned: what a process planned dies with it.</param>
    internal readonly record struct Entry(long At, long Sequence, SimProcess? Owner, int Life, Action Run)
    {
        public bool IsBefore(in Entry other) => At != other.At ? At < other.At : Sequence < other.Sequence;
    }
}

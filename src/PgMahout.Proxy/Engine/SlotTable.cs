namespace PgMahout.Proxy.Engine;

/// <summary>
/// Who a number stands for that the kernel gives back. A number that was freed is used again only after the turn: what
/// the kernel has reported in it may still name the old one.
/// </summary>
internal sealed class SlotTable
{
    public const int WakeSlot = 0;

    private readonly List<object?> _slots = [null];
    private readonly Stack<int> _free = new();
    private readonly List<int> _freed = [];

    public object? this[int slot] => _slots[slot];

    public int Add(object owner)
    {
        if (_free.TryPop(out var slot))
        {
            _slots[slot] = owner;
            return slot;
        }
        _slots.Add(owner);
        return _slots.Count - 1;
    }

    public void Remove(int slot)
    {
        if (slot <= WakeSlot)
            return;
        _slots[slot] = null;
        _freed.Add(slot);
    }

    public int Find(object owner) => _slots.IndexOf(owner);

    public void EndTurn()
    {
        foreach (var slot in _freed)
            _free.Push(slot);
        _freed.Clear();
    }
}

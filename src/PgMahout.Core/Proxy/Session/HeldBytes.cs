namespace PgMahout.Core.Proxy.Session;

/// <summary>
/// The beginning of a message whose rest is still to come. Empty nearly always, and then without memory.
/// </summary>
internal struct HeldBytes
{
    // Most are the few bytes of a header; what has grown beyond this is given back when it is empty again.
    private const int Kept = 4096;

    private byte[]? _bytes;
    private int _length;

    public readonly bool IsEmpty => _length == 0;

    public readonly int Length => _length;

    public readonly ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Append(ReadOnlySpan<byte> more)
    {
        if (more.IsEmpty)
            return;
        if (_bytes is null || _bytes.Length - _length < more.Length)
            Array.Resize(ref _bytes, Math.Max(_length + more.Length, 2 * (_bytes?.Length ?? 128)));
        more.CopyTo(_bytes.AsSpan(_length));
        _length += more.Length;
    }

    /// <summary>The first <paramref name="count"/> bytes are done with.</summary>
    public void Drop(int count)
    {
        _length -= count;
        if (_length > 0 && count > 0)
            _bytes.AsSpan(count, _length).CopyTo(_bytes);
        if (_length == 0 && _bytes?.Length > Kept)
            _bytes = null;
    }
}

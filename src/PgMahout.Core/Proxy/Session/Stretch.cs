namespace PgMahout.Core.Proxy.Session;

/// <summary>A walk over received bytes: what lies between changes is passed on in one piece.</summary>
/// <param name="held">The bytes are not the input but what was kept of it, so they must be copied.</param>
internal ref struct Stretch(ReadOnlySpan<byte> bytes, bool held, IPassage to)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _from;

    public int At { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _bytes[At..];

    public void Pass(int count) => At += count;

    public void Skip(int count)
    {
        Flush();
        At += count;
        _from = At;
    }

    public void Insert(ReadOnlySpan<byte> own)
    {
        Flush();
        to.Insert(own);
    }

    public void Flush()
    {
        if (_from < At && held)
            to.Insert(_bytes[_from..At]);
        else if (_from < At)
            to.Pass(_from, At);
        _from = At;
    }
}

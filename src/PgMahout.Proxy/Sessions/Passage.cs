using PgMahout.Core.Proxy.Session;
using PgMahout.Proxy.Engine;

namespace PgMahout.Proxy.Sessions;

/// <summary>From a chunk that was just received to whom it is for: whole where possible, otherwise copied.</summary>
internal sealed class Passage : IPassage
{
    private Chunk? _chunk;
    private Channel? _to;

    /// <summary>The chunk belongs to the receiver now.</summary>
    public bool IsGiven { get; private set; }

    public Passage From(Chunk? chunk, Channel? to)
    {
        _chunk = chunk;
        _to = to;
        IsGiven = false;
        return this;
    }

    public void Pass(int start, int end)
    {
        if (_to is null || _chunk is null)
            return;
        if (start == 0 && end == _chunk.Length && !_to.IsEncrypted)
        {
            IsGiven = true;
            _to.Give(_chunk);
        }
        else
        {
            _to.Write(_chunk.Bytes[start..end]);
        }
    }

    public void Insert(ReadOnlySpan<byte> bytes) => _to?.Write(bytes);
}

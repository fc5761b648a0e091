using PgMahout.Core.Protocol;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>A connection of the proxy, to a client or to a server: what is written to it, encrypted or not.</summary>
internal abstract class Channel(ProxyLoop loop, int descriptor) : Connection(descriptor)
{
    /// <summary>More than this on its way to one side, and the other side is not read.</summary>
    public const int HighWater = 128 << 10;

    private bool _closing;

    protected ProxyLoop Loop { get; } = loop;

    public bool IsEncrypted => false;

    /// <summary>On this host's boot clock, in nanoseconds.</summary>
    public long Since { get; } = loop.Now;

    /// <summary>What it is about to say goodbye with is still to be sent.</summary>
    protected bool IsClosing => _closing;

    protected abstract bool WantsMore { get; }

    /// <summary>Received, decrypted; the chunk is the channel's.</summary>
    protected abstract void Arrived(Chunk chunk);

    /// <summary>Once: it is closed, for whatever reason.</summary>
    protected abstract void Left(int error);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Output.Append(bytes, Loop.Pool);
        Loop.Outbox.Mark(this);
    }

    public void Give(Chunk chunk)
    {
        Output.Give(chunk);
        Loop.Outbox.Mark(this);
    }

    /// <summary>Reads on, if it has stopped and may.</summary>
    public void Rearm()
    {
        if (!IsClosed && !State.Receiving && !_closing && WantsMore)
            Loop.Engine.Receive(this);
    }

    public sealed override void Received(Chunk chunk)
    {
        if (_closing)
        {
            Loop.Pool.Return(chunk);
            return;
        }
        try
        {
            Arrived(chunk);
        }
        catch (ProtocolException broken)
        {
            Break(broken.Message);
        }
        Rearm();
    }

    /// <summary>The other side does not keep to the protocol.</summary>
    protected abstract void Break(string why);

    public sealed override void Ended(int error) => Close(error);

    public override void Sent()
    {
        if (_closing && Output.IsEmpty)
            Close(0);
    }

    /// <summary>Closes once what was written is on its way.</summary>
    public void CloseAfterSending()
    {
        _closing = true;
        if (Output.IsEmpty)
            Close(0);
    }

    public void Close(int error = 0)
    {
        if (IsClosed)
            return;
        Loop.Engine.Close(this);
        Left(error);
    }
}

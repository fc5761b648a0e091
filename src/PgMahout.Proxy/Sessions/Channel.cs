using PgMahout.Core.Protocol;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;
using PgMahout.Proxy.Tls;

namespace PgMahout.Proxy.Sessions;

/// <summary>A connection of the proxy, to a client or to a server: what is written to it, encrypted or not.</summary>
internal abstract class Channel(ProxyLoop loop, int descriptor) : Connection(descriptor)
{
    /// <summary>More than this on its way to one side, and the other side is not read.</summary>
    public const int HighWater = 128 << 10;

    private bool _closing;
    private Encryption? _encryption;

    protected ProxyLoop Loop { get; } = loop;

    public bool IsEncrypted => _encryption is not null;

    protected Encryption? Encryption => _encryption;

    /// <summary>On this host's boot clock, in nanoseconds.</summary>
    public long Since { get; protected init; } = loop.Now;

    /// <summary>What it is about to say goodbye with is still to be sent.</summary>
    protected bool IsClosing => _closing;

    /// <summary>Since when it is about to close; on this host's boot clock, in nanoseconds. Zero: it is not.</summary>
    public long ClosingSince { get; private set; }

    protected abstract bool WantsMore { get; }

    /// <summary>Received, decrypted; the chunk is the channel's.</summary>
    protected abstract void Arrived(Chunk chunk);

    /// <summary>Once: it is closed, for whatever reason.</summary>
    protected abstract void Left(int error);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_encryption is null)
            Output.Append(bytes, Loop.Pool);
        else
            _encryption.Write(bytes, ref Output);
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
            if (_encryption is null)
                Arrived(chunk);
            else
                Decrypt(chunk, _encryption);
        }
        catch (ProtocolException broken)
        {
            Break(broken.Message);
        }
        Rearm();
    }

    /// <summary>From now on everything goes through TLS.</summary>
    /// <param name="early">Received already, and part of the handshake.</param>
    protected void Encrypt(TlsSession session, ReadOnlySpan<byte> early)
    {
        _encryption = new Encryption(session, Loop.Pool);
        _encryption.Feed(early);
        _encryption.Advance(ref Output);
        Loop.Outbox.Mark(this);
        if (!_encryption.IsBeginning)
            HandshakeDone(_encryption);
    }

    /// <summary>The handshake has succeeded or failed.</summary>
    protected virtual void HandshakeDone(Encryption encryption) { }

    private void Decrypt(Chunk chunk, Encryption encryption)
    {
        var fed = 0;
        while (fed < chunk.Length && !IsClosed && !_closing && !encryption.IsOver)
        {
            var taken = encryption.Feed(chunk.Bytes[fed..]);
            fed += taken;
            if (encryption.IsBeginning)
            {
                encryption.Advance(ref Output);
                Loop.Outbox.Mark(this);
                if (encryption.IsBeginning && taken > 0)
                    continue;
                HandshakeDone(encryption);
            }
            while (!IsClosed && !_closing && encryption.Read(ref Output) is { } plain)
                Arrived(plain);
        }
        Loop.Pool.Return(chunk);
        if (encryption.IsOver && !IsClosed)
            CloseAfterSending();
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
        ClosingSince = Loop.Now;
        _encryption?.Close(ref Output);
        if (Output.IsEmpty)
            Close(0);
    }

    public void Close(int error = 0)
    {
        if (IsClosed)
            return;
        Loop.Engine.Close(this);
        _encryption?.Free();
        Left(error);
    }
}

using System.Collections.Immutable;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Tls;

namespace PgMahout.Proxy.Sessions;

/// <summary>TLS between a channel and its descriptor: chunks in, chunks out.</summary>
internal sealed class Encryption(TlsSession session, ChunkPool pool)
{
    public bool IsOpen => session.State == TlsState.Open;

    /// <summary>The handshake is not done.</summary>
    public bool IsBeginning => session.State == TlsState.Handshaking;

    public bool IsOver => session.State is TlsState.Closed or TlsState.Failed;

    public string? Failure => session.Failure;

    public bool AgreedOnProtocol => session.AgreedOnProtocol;

    /// <summary>See <see cref="TlsSession.PeerHash"/>.</summary>
    public ImmutableArray<byte> PeerHash => session.PeerHash;

    /// <summary>Takes what was received; what is left is taken when what came out of it was read.</summary>
    public int Feed(ReadOnlySpan<byte> cipher) => session.Feed(cipher);

    /// <summary>One step of the handshake; what it has to say is in the output.</summary>
    public void Advance(ref ByteQueue output)
    {
        session.Advance();
        Drain(ref output);
    }

    /// <summary>What was received, in clear; null when there is no more.</summary>
    public Chunk? Read(ref ByteQueue output)
    {
        var chunk = pool.Rent();
        chunk.End = session.Read(chunk.Free);
        Drain(ref output);
        if (chunk.End > 0)
            return chunk;
        pool.Return(chunk);
        return null;
    }

    public void Write(ReadOnlySpan<byte> plain, ref ByteQueue output)
    {
        while (!plain.IsEmpty)
        {
            var taken = session.Write(plain);
            Drain(ref output);
            if (taken == 0)
                return;
            plain = plain[taken..];
        }
    }

    public void Close(ref ByteQueue output)
    {
        session.Close();
        Drain(ref output);
    }

    private void Drain(ref ByteQueue output)
    {
        while (session.OutputWaiting > 0)
        {
            var chunk = pool.Rent();
            chunk.End = session.TakeOutput(chunk.Free);
            output.Give(chunk);
        }
    }

    public void Free() => session.Dispose();
}

using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Proxy.Tls;

public enum TlsState
{
    Handshaking,
    Open,

    /// <summary>The other side has said that nothing more comes; what it sent before can have been read.</summary>
    Closed,

    /// <summary>Of no further use; <see cref="TlsSession.Failure"/> says why.</summary>
    Failed,
}

/// <summary>
/// One connection's TLS between two buffers in memory; it owns no descriptor. What comes from the network goes in by
/// <see cref="Feed"/>, what has to go there is had by <see cref="TakeOutput"/>, also after a failure: the other side
/// is told. Confined to one thread at a time; no call allocates until something fails.
/// </summary>
public sealed unsafe class TlsSession : IDisposable
{
    /// <summary>So many bytes wait in either buffer at most, but for the rest of one record.</summary>
    public const int MostWaiting = 64 << 10;

    private readonly SessionHandle _session;
    private readonly nint _input;
    private readonly nint _output;
    private bool _closing;

    internal TlsSession(SessionHandle session)
    {
        _session = session;
        _input = OpenSsl.BIO_new(OpenSsl.BIO_s_mem());
        _output = OpenSsl.BIO_new(OpenSsl.BIO_s_mem());
        OpenSsl.SSL_set_bio(session, _input, _output);
    }

    public TlsState State { get; private set; }

    /// <summary>In OpenSSL's words; null unless <see cref="State"/> is Failed.</summary>
    public string? Failure { get; private set; }

    /// <summary>Bytes for the network, in bytes.</summary>
    public int OutputWaiting
    {
        get
        {
            var waiting = _session.IsClosed ? 0 : (int)OpenSsl.BIO_ctrl_pending(_output);
            GC.KeepAlive(this);
            return waiting;
        }
    }

    /// <summary>TLSv1.2 or TLSv1.3, once open.</summary>
    public string Version => OpenSsl.Text(OpenSsl.SSL_get_version(_session));

    /// <summary>Whether both sides have agreed that this is PostgreSQL's protocol.</summary>
    public bool AgreedOnProtocol
    {
        get
        {
            byte* name;
            uint length;
            OpenSsl.SSL_get0_alpn_selected(_session, &name, &length);
            return length > 0
                && Encoding.ASCII.GetString(name, (int)length) == TlsContext.Protocol;
        }
    }

    /// <summary>Of the other side's certificate, for channel binding; empty where that is not defined.</summary>
    public ImmutableArray<byte> PeerHash
    {
        get
        {
            var certificate = OpenSsl.SSL_get1_peer_certificate(_session);
            if (certificate == 0)
                return [];
            var der = new byte[Math.Max(0, OpenSsl.i2d_X509(certificate, null))];
            fixed (byte* memory = der)
            {
                var at = memory;
                _ = OpenSsl.i2d_X509(certificate, &at);
            }
            OpenSsl.X509_free(certificate);
            return ChannelBinding.OfCertificate(der);
        }
    }

    /// <summary>Takes bytes that came from the network.</summary>
    /// <returns>How many were taken: fewer than all while what is there has not been read.</returns>
    public int Feed(ReadOnlySpan<byte> cipher)
    {
        var room = MostWaiting - (int)OpenSsl.BIO_ctrl_pending(_input);
        var taken = cipher[..Math.Clamp(room, 0, cipher.Length)];
        fixed (byte* from = taken)
            _ = taken.IsEmpty ? 0 : OpenSsl.BIO_write(_input, from, taken.Length);
        GC.KeepAlive(this);
        return taken.Length;
    }

    /// <summary>Goes on with the handshake as far as what was fed allows. A client begins without any.</summary>
    public TlsState Advance()
    {
        if (State != TlsState.Handshaking)
            return State;
        OpenSsl.ERR_clear_error();
        var result = OpenSsl.SSL_do_handshake(_session);
        if (result == 1)
            State = TlsState.Open;
        else
            Judge(result);
        return State;
    }

    /// <summary>
    /// Plain bytes of what was fed; during the handshake this goes on with that first. 0: no more for now, or
    /// <see cref="State"/> is Closed or Failed.
    /// </summary>
    public int Read(Span<byte> plain)
    {
        if (plain.IsEmpty || Advance() != TlsState.Open)
            return 0;
        OpenSsl.ERR_clear_error();
        int read;
        fixed (byte* into = plain)
            read = OpenSsl.SSL_read(_session, into, plain.Length);
        if (read > 0)
            return read;
        Judge(read);
        return 0;
    }

    /// <summary>Encrypts for the network.</summary>
    /// <returns>How many were taken: fewer than all while much waits in the output, or when it is not open.</returns>
    public int Write(ReadOnlySpan<byte> plain)
    {
        var taken = 0;
        while (taken < plain.Length && State == TlsState.Open && !_closing && OutputWaiting < MostWaiting)
        {
            OpenSsl.ERR_clear_error();
            int written;
            fixed (byte* from = plain[taken..])
                written = OpenSsl.SSL_write(_session, from, plain.Length - taken);
            if (written <= 0)
            {
                Judge(written);
                break;
            }
            taken += written;
        }
        return taken;
    }

    /// <summary>Bytes for the network; 0 when there are none.</summary>
    public int TakeOutput(Span<byte> cipher)
    {
        if (cipher.IsEmpty)
            return 0;
        int read;
        fixed (byte* into = cipher)
            read = OpenSsl.BIO_read(_output, into, cipher.Length);
        GC.KeepAlive(this);
        return Math.Max(read, 0);
    }

    /// <summary>Tells the other side that nothing more comes. What comes from there can still be read.</summary>
    public void Close()
    {
        if (State is not (TlsState.Open or TlsState.Closed) || _closing)
            return;
        _closing = true;
        OpenSsl.ERR_clear_error();
        _ = OpenSsl.SSL_shutdown(_session);
    }

    public void Dispose() => _session.Dispose();

    private void Judge(int result)
    {
        switch (OpenSsl.SSL_get_error(_session, result))
        {
            case OpenSsl.ErrorWantRead or OpenSsl.ErrorWantWrite:
                return;
            case OpenSsl.ErrorZeroReturn:
                State = TlsState.Closed;
                return;
            default:
                State = TlsState.Failed;
                Failure = Reason();
                return;
        }
    }

    private string Reason()
    {
        var errors = OpenSsl.TakeErrors();
        var verified = OpenSsl.SSL_get_verify_result(_session);
        return verified == 0
            ? errors
            : $"{OpenSsl.Text(OpenSsl.X509_verify_cert_error_string(verified))} ({errors})";
    }
}

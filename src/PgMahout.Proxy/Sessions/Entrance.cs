using PgMahout.Core.Proxy.Login;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;
using PgMahout.Proxy.Tls;

namespace PgMahout.Proxy.Sessions;

/// <summary>A client before it is known who it is.</summary>
internal sealed class Entrance(ProxyLoop loop, bool isLocal)
{
    private const string WrongPassword = "28P01";

    private readonly ClientLogin _login = loop.NewClientLogin(isLocal);
    private readonly TlsContext? _tls = loop.ClientTls;
    private bool _isDirect;
    private byte[] _received = [];
    private bool _isAsking;
    private string? _user;

    public void Take(Chunk chunk, ClientConnection client)
    {
        _received = [.. _received, .. chunk.Bytes];
        loop.Pool.Return(chunk);
        // What comes while its secret is looked up has to wait; nobody who means well sends much then.
        if (_received.Length > ClientLogin.MostMessageBytes + Chunk.Size)
            client.Refuse("08P01", "too much was sent before the login was done");
        else
            GoOn(client);
    }

    private void GoOn(ClientConnection client)
    {
        while (!_isAsking && _received.Length > 0)
        {
            var step = _login.Receive(_received, out var taken);
            _received = _received[taken..];
            if (!Do(step, client))
                return;
        }
    }

    /// <returns>Whether there may be more to read.</returns>
    private bool Do(LoginStep step, ClientConnection client)
    {
        switch (step)
        {
            case LoginStep.Send send:
                client.Write(send.Bytes.Span);
                return true;
            case LoginStep.StartTls start:
                client.Write(start.Bytes.Span);
                StartTls(start.Direct, client);
                return false;
            case LoginStep.Lookup lookup:
                _isAsking = true;
                _user = lookup.Request.User;
                loop.Ask(lookup.Request.User, secret => Answered(secret, client));
                return false;
            case LoginStep.Cancel cancel:
                loop.Cancel(cancel.ProcessId, cancel.Key);
                client.Close();
                return false;
            case LoginStep.Done done:
                client.Enter(done, _received);
                return false;
            case LoginStep.Refused refused:
                if (refused.SqlState == WrongPassword && _user is not null)
                    loop.AskAnew(_user);
                client.Refuse(refused.Bytes.Span);
                return false;
            default:
                return false;
        }
    }

    private void StartTls(bool direct, ClientConnection client)
    {
        _isDirect = direct;
        var early = _received;
        _received = [];
        client.StartTls(_tls!.Accept(), early);
    }

    /// <summary>The handshake has ended, well or not.</summary>
    public void Secured(Encryption encryption, ClientConnection client)
    {
        if (!encryption.IsOpen || (_isDirect && !encryption.AgreedOnProtocol))
        {
            client.CloseAfterSending();
            return;
        }
        _login.TlsStarted(_tls!.CertificateHash);
    }

    private void Answered(UserSecret? secret, ClientConnection client)
    {
        if (client.IsClosed)
            return;
        _isAsking = false;
        if (Do(_login.Found(secret), client))
            GoOn(client);
    }
}

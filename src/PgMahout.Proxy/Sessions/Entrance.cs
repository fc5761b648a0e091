using PgMahout.Core.Proxy.Login;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>A client before it is known who it is.</summary>
internal sealed class Entrance(ProxyLoop loop)
{
    private readonly ClientLogin _login = loop.NewClientLogin();
    private byte[] _received = [];
    private bool _isAsking;

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
            case LoginStep.Lookup lookup:
                _isAsking = true;
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
                client.Refuse(refused.Bytes.Span);
                return false;
            default:
                return false;
        }
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

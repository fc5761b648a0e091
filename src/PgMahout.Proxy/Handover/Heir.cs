using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Proxy.Loop;
using PgMahout.Proxy.Sessions;

namespace PgMahout.Proxy.Handover;

/// <summary>
/// The process that has taken the place of this one, as the loop sees it: clients that are between transactions move
/// over to it, each with its descriptor. One that was sent counts as here until the other says that it has it.
/// </summary>
internal sealed class Heir(ProxyLoop loop, HandoverLine line)
{
    // Each costs the loop a few system calls; those who stay shall not wait for all who go.
    private const int MostAtOnce = 64;

    private readonly Dictionary<int, ClientConnection> _leaving = [];
    private readonly List<ClientConnection> _asked = [];
    private bool _isGone;
    private bool _isFull;

    /// <summary>Sent, and not yet confirmed.</summary>
    public int Leaving => _leaving.Count;

    /// <summary>There may be more who can go at once.</summary>
    public bool IsBusy => !_isGone && (_leaving.Count > 0 || _asked.Count == MostAtOnce);

    public long Moved { get; private set; }

    /// <summary>Those who can go are read from no more; who has said nothing until then goes.</summary>
    public void Sweep()
    {
        _asked.Clear();
        _isFull = false;
        if (_isGone)
            return;
        foreach (var client in loop.Clients.Values)
        {
            if (!client.IsMovable)
                continue;
            _asked.Add(client);
            if (_asked.Count == MostAtOnce)
                break;
        }
        foreach (var client in _asked)
            if (!client.IsClosed)
                loop.Engine.Stop(client);
    }

    /// <summary>It is read from no more, and had said nothing.</summary>
    public void Offer(ClientConnection client)
    {
        if (_isGone || _isFull || !client.IsMovable)
        {
            client.Rearm();
            return;
        }
        loop.Engine.Forget(client);
        switch (line.Send(new HandoverMessage.Client(client.ToMove()), client.Descriptor))
        {
            case LineSending.Sent:
                _leaving[client.Number] = client;
                loop.Gone(client);
                return;
            case LineSending.Full:
                _isFull = true;
                break;
            case LineSending.TooLong:
                client.Stays = true;
                break;
            case LineSending.Broken:
                Lost();
                break;
        }
        TakeBack(client);
    }

    public void Taken(int number, bool accepted)
    {
        if (!_leaving.Remove(number, out var client))
            return;
        if (accepted)
        {
            Moved++;
            client.HasMoved();
            return;
        }
        client.Stays = true;
        loop.Keep(client);
        TakeBack(client);
    }

    /// <summary>The other process has gone: whom it has not confirmed is here as before.</summary>
    public void Lost()
    {
        _isGone = true;
        foreach (var client in _leaving.Values)
        {
            loop.Keep(client);
            TakeBack(client);
        }
        _leaving.Clear();
    }

    private void TakeBack(ClientConnection client)
    {
        loop.Engine.Add(client);
        client.Rearm();
    }

    /// <summary>Hears what the other process says, on a thread of its own, until that has gone.</summary>
    public void Listen(Mailbox mailbox) => new Thread(() =>
    {
        try
        {
            while (line.Receive() is { } received)
            {
                if (received.Message is HandoverMessage.Taken taken)
                    mailbox.Post(() => Taken(taken.Number, taken.Accepted));
                else if (received.Message is HandoverMessage.Cancel cancel)
                    mailbox.Post(() => loop.Cancel(cancel.Number, cancel.Key));
            }
        }
        catch (ProtocolException)
        {
            // Nobody says such things; whoever does is not listened to any more.
        }
        mailbox.Post(Lost);
    })
    {
        IsBackground = true,
        Name = "heir",
    }.Start();
}

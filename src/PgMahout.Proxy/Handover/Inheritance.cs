using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Handover;

/// <summary>Clients that come from the process before this one, as the loop sees it.</summary>
/// <param name="ended">Called in the loop when that process has gone.</param>
internal sealed class Inheritance(ProxyLoop loop, HandoverLine line, Action ended)
{
    private bool _isOver;

    /// <summary>Somebody may mean a client that is still there.</summary>
    public void Cancel(HandoverMessage.Cancel cancel)
    {
        if (!_isOver)
            _ = line.Send(cancel);
    }

    /// <summary>Says that this process listens, and hears what comes of it, on a thread of its own.</summary>
    /// <returns>False when the other one has gone, or has given up.</returns>
    public bool Begin(Mailbox mailbox)
    {
        if (line.Send(new HandoverMessage.Listening()) != LineSending.Sent)
            return false;
        new Thread(() => Listen(mailbox)) { IsBackground = true, Name = "predecessor" }.Start();
        return true;
    }

    private void Listen(Mailbox mailbox)
    {
        try
        {
            while (line.Receive() is { } received)
                if (received is { Message: HandoverMessage.Client client, Descriptors: [var descriptor] })
                    mailbox.Post(() => Adopt(client.Moved, descriptor));
        }
        catch (ProtocolException)
        {
            // Whom it has not confirmed stays with the other one.
        }
        mailbox.Post(() =>
        {
            _isOver = true;
            ended();
        });
    }

    // Confirmed before anything is read of it: then only one of both processes ever reads.
    private void Adopt(MovedClient moved, int descriptor)
    {
        var fits = !loop.Clients.ContainsKey(moved.Number);
        // A broken line: the other one has gone, and cannot read either.
        var told = line.Send(new HandoverMessage.Taken(moved.Number, fits)) is LineSending.Sent or LineSending.Broken;
        if (fits && told)
            loop.Adopt(moved, descriptor);
        else
            _ = LibC.Close(descriptor);
    }
}

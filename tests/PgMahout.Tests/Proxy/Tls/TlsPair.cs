using PgMahout.Proxy.Tls;
using Xunit;

namespace PgMahout.Tests.Proxy.Tls;

/// <summary>A client's and a server's session, with a network of two buffers between them.</summary>
internal sealed class TlsPair(TlsContext client, TlsContext server, string host = "db.example") : IDisposable
{
    private readonly byte[] _wire = new byte[8192];

    public TlsSession Client { get; } = client.Connect(host);

    public TlsSession Server { get; } = server.Accept();

    public static TlsContext Opened(TlsOpening opening) =>
        Assert.IsType<TlsOpening.Opened>(opening).Context;

    /// <summary>Until both are open, or nothing moves any more.</summary>
    public TlsPair ShakeHands()
    {
        Client.Advance();
        while (Carry(Client, Server) + Carry(Server, Client) > 0)
        {
            Server.Advance();
            Client.Advance();
        }
        return this;
    }

    /// <summary>Takes what waits on one side to the other, as much as that takes; how many bytes.</summary>
    public int Carry(TlsSession from, TlsSession to, Func<byte[], int, byte[]>? change = null)
    {
        var carried = 0;
        while (from.OutputWaiting > 0)
        {
            var length = from.TakeOutput(_wire);
            var bytes = change is null ? _wire[..length] : change(_wire, length);
            Assert.Equal(bytes.Length, to.Feed(bytes));
            carried += bytes.Length;
        }
        return carried;
    }

    public static byte[] ReadAll(TlsSession session)
    {
        var all = new MemoryStream();
        var buffer = new byte[5000];
        while (session.Read(buffer) is var read && read > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Proxy.Tls;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>
/// The smallest proxy there can be around the login machines: one client after another, with blocking sockets.
/// </summary>
/// <param name="server">The server's unix socket.</param>
/// <param name="secrets">What the cluster has of roles' passwords.</param>
internal sealed class LoginProxy(
    string server, IReadOnlyDictionary<string, UserSecret> secrets, TlsRule rule, TlsContext? tls) : IDisposable
{
    private const int Patience = 30_000;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _mock = RandomNumberGenerator.GetBytes(32);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The last ServerCredential that a client's login gave.</summary>
    public ServerCredential? Credential { get; private set; }

    /// <summary>Why the last client was refused.</summary>
    public string? Why { get; private set; }

    public LoginProxy Listen()
    {
        _listener.Start();
        new Thread(Serve) { IsBackground = true }.Start();
        return this;
    }

    public void Dispose() => _listener.Dispose();

    private void Serve()
    {
        try
        {
            while (true)
            {
                using var socket = _listener.AcceptSocket();
                socket.ReceiveTimeout = socket.SendTimeout = Patience;
                using var client = new ProxiedClient(socket);
                try
                {
                    Serve(client);
                }
                catch (SocketException)
                {
                    // The client has gone; the next one shall be served.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener was closed: the test is over.
        }
    }

    private void Serve(ProxiedClient client)
    {
        var login = new ClientLogin(
            new LoginRules(rule, PoolMode.Session, [.. _mock]),
            RandomNumberGenerator.GetBytes(ClientLogin.RandomBytes));
        while (true)
        {
            var step = login.Receive(client.Received, out var taken);
            client.Take(taken);
            if (step is LoginStep.Lookup lookup)
                step = login.Found(secrets.GetValueOrDefault(
                    lookup.Request.User, new UserSecret.None("there is no such role")));
            switch (step)
            {
                case LoginStep.NeedMore when client.Receive():
                    break;
                case LoginStep.Send send:
                    client.Send(send.Bytes.Span);
                    break;
                case LoginStep.StartTls start:
                    client.Send(start.Bytes.Span);
                    client.StartTls(tls!.Accept());
                    login.TlsStarted(tls.CertificateHash);
                    break;
                case LoginStep.Done done:
                    Credential = done.Credential;
                    Connect(client, done);
                    return;
                case LoginStep.Refused refused:
                    Why = refused.Why;
                    client.Send(refused.Bytes.Span);
                    return;
                default:
                    return;
            }
        }
    }

    private void Connect(ProxiedClient client, LoginStep.Done done)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.ReceiveTimeout = socket.SendTimeout = Patience;
        socket.Connect(new UnixDomainSocketEndPoint(server));
        using var upstream = new ProxiedClient(socket);
        var login = new ServerLogin(
            done.Request.User, done.Request.Database, done.Credential,
            RandomNumberGenerator.GetBytes(ServerLogin.NonceBytes));
        upstream.Send(login.Startup(done.Request.Parameters));
        client.Send(done.Bytes.Span);
        switch (LogIn(login, upstream))
        {
            case ServerLoginStep.Ready ready:
                var greeting = new BackendWriter();
                foreach (var (name, value) in ready.Parameters)
                    greeting.ParameterStatus(name, value);
                client.Send(greeting.BackendKeyData(ready.ProcessId, ready.SecretKey.AsSpan())
                    .ReadyForQuery('I').Written);
                client.Relay(upstream);
                break;
            case ServerLoginStep.Failed failed:
                client.Send(failed.Error.Span);
                break;
        }
    }

    private static ServerLoginStep LogIn(ServerLogin login, ProxiedClient upstream)
    {
        while (true)
        {
            if (!MessageHeader.TryRead(upstream.Received, out var header)
                || upstream.Received.Length < MessageHeader.Size + header.BodyLength)
            {
                if (!upstream.Receive())
                    throw new SocketException((int)SocketError.ConnectionReset);
                continue;
            }
            var step = login.Receive(header.Type, upstream.Received.Slice(MessageHeader.Size, header.BodyLength));
            upstream.Take(MessageHeader.Size + header.BodyLength);
            if (step is ServerLoginStep.Ready or ServerLoginStep.Failed)
                return step;
            if (step is ServerLoginStep.Send send)
                upstream.Send(send.Bytes.Span);
        }
    }
}

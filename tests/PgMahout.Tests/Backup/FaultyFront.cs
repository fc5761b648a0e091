using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PgMahout.Tests.Backup;

internal enum Fault
{
    InternalError,
    SlowDown,
    CutAtOnce,
    CutInTheAnswer,
    Silence,
}

/// <summary>Stands before an HTTP server: each new connection meets the next fault, or is passed on.</summary>
internal sealed class FaultyFront : IAsyncDisposable
{
    private const int PassedBeforeTheCut = 200;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _behind;
    private readonly Task _accepting;

    public FaultyFront(int behind)
    {
        _behind = behind;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<Fault> Faults { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true)
                served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // A listener that is stopped between two calls says so in a way of its own.
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        Fault? fault = Faults.TryDequeue(out var next) ? next : null;
        try
        {
            await (fault is not { } met ? PassAsync(client, int.MaxValue) : met switch
            {
                Fault.InternalError => AnswerAsync(client, "500 Internal Server Error", "InternalError"),
                Fault.SlowDown => AnswerAsync(client, "503 Slow Down", "SlowDown"),
                Fault.CutAtOnce => Task.CompletedTask,
                Fault.CutInTheAnswer => PassAsync(client, PassedBeforeTheCut),
                Fault.Silence => Task.Delay(Timeout.Infinite, _stop.Token),
            });
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Either side has gone: so does the connection.
        }
    }

    private async Task AnswerAsync(TcpClient client, string status, string code)
    {
        var request = new byte[64 << 10];
        _ = await client.GetStream().ReadAsync(request, _stop.Token);
        var body = $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>a test</Message></Error>";
        var answer = $"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nConnection: close\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
    }

    private async Task PassAsync(TcpClient client, int answered)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, _behind, _stop.Token);
        var (near, far) = (client.GetStream(), server.GetStream());
        await await Task.WhenAny(CopyAsync(near, far, int.MaxValue), CopyAsync(far, near, answered));
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, int most)
    {
        var buffer = new byte[64 << 10];
        while (most > 0)
        {
            var read = await from.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, most)), _stop.Token);
            if (read == 0)
                return;
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            most -= read;
        }
    }
}

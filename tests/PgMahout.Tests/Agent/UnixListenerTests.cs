using System.Net.Sockets;
using System.Text;
using PgMahout.Agent.Http;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class UnixListenerTests : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private static readonly HttpRequest Question = new("GET", "/a", default);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-http-").FullName;
    private Listener? _listener;
    private int _served;

    private string SocketPath => Path.Combine(_directory, "a.sock");

    public ValueTask InitializeAsync()
    {
        Listen();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Only_its_owner_may_open_the_socket() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));

    [Fact]
    public async Task Questions_of_one_caller_share_a_connection()
    {
        var connections = 0;
        using var caller = new HttpCaller(token => { connections++; return ConnectAsync(token); }, new HttpLimits());

        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await caller.AskAsync(Question, CancellationToken.None)).Status);

        Assert.Equal((1, 3), (connections, _served));
    }

    [Fact]
    public async Task A_caller_finds_the_server_that_took_the_place_of_another()
    {
        using var caller = new HttpCaller(ConnectAsync, new HttpLimits());
        await caller.AskAsync(Question, CancellationToken.None);
        await _listener!.DisposeAsync();
        Listen();

        var answer = await caller.AskAsync(Question, CancellationToken.None).WaitAsync(Bound);

        Assert.Equal("here", Encoding.ASCII.GetString(answer.Body.Span));
    }

    [Fact]
    public async Task An_answer_that_was_not_waited_for_is_not_taken_for_the_next_one()
    {
        using var caller = new HttpCaller(ConnectAsync, new HttpLimits());
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(30));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => caller.AskAsync(new HttpRequest("GET", "/slow", default), impatience.Token));

        var answer = await caller.AskAsync(Question, CancellationToken.None).WaitAsync(Bound);

        Assert.Equal("here", Encoding.ASCII.GetString(answer.Body.Span));
    }

    [Fact]
    public async Task Who_comes_beyond_the_limit_is_turned_away()
    {
        await using var first = await ConnectAsync(CancellationToken.None);
        await using var second = await ConnectAsync(CancellationToken.None);
        await using var third = await ConnectAsync(CancellationToken.None);
        using var reader = new StreamReader(third);

        var line = await reader.ReadLineAsync().WaitAsync(Bound);

        Assert.Equal("HTTP/1.1 503 Service Unavailable", line);
    }

    private void Listen() =>
        _listener = UnixListener.Open(SocketPath, new HttpServer(new HttpLimits { Connections = 2 }, AnswerAsync));

    private async Task<HttpAnswer> AnswerAsync(HttpRequest request, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _served);
        if (request.Path != "/slow")
            return new HttpAnswer(200, "here"u8.ToArray());
        await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
        return new HttpAnswer(200, "late"u8.ToArray());
    }

    private async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}

using System.Text;
using PgMahout.Agent.Http;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class HttpServerTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private static readonly HttpLimits Small = new() { HeadBytes = 200, BodyBytes = 100 };

    /// <summary>Answers with the request, so that the tests see what the server understood.</summary>
    private static Task<HttpAnswer> Echo(HttpRequest request, CancellationToken cancellation) =>
        request.Path == "/broken"
            ? throw new InvalidOperationException("this handler always breaks")
            : Task.FromResult(new HttpAnswer(
                200, Encoding.ASCII.GetBytes($"[{request.Method} {request.Path} {request.Body.Length}]")));

    private static async Task<string> TalkAsync(
        HttpLimits limits, Func<Stream, Task> say, bool stayOpen = false)
    {
        using var pipe = await DuplexPipe.OpenAsync();
        var serving = new HttpServer(limits, Echo).ServeAsync(pipe.Far, CancellationToken.None);
        await say(pipe.Near);
        if (!stayOpen)
            ((System.Net.Sockets.NetworkStream)pipe.Near).Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        using var reader = new StreamReader(pipe.Near, Encoding.ASCII);
        var answer = await reader.ReadToEndAsync().WaitAsync(Bound);
        await serving.WaitAsync(Bound);
        return answer;
    }

    private static Task<string> TalkAsync(string text, HttpLimits? limits = null, bool stayOpen = false) =>
        TalkAsync(limits ?? Small, stream => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask(), stayOpen);

    [Fact]
    public async Task Requests_that_were_sent_at_once_are_answered_in_order()
    {
        var answer = await TalkAsync(
            "POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
            + "GET /c HTTP/1.1\r\nHost: h\r\n\r\n");

        Assert.Equal(["[POST /a 3]", "[GET /b 0]", "[GET /c 0]"], Bodies(answer));
    }

    [Fact]
    public async Task A_request_may_come_byte_by_byte()
    {
        var request = Encoding.ASCII.GetBytes("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab");

        var answer = await TalkAsync(Small, async stream =>
        {
            foreach (var octet in request)
            {
                await stream.WriteAsync(new[] { octet });
                await Task.Yield();
            }
        });

        Assert.Equal(["[POST /a 2]"], Bodies(answer));
    }

    [Fact]
    public async Task The_connection_ends_when_the_peer_asks_for_it()
    {
        var answer = await TalkAsync("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", stayOpen: true);

        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(["[GET /a 0]"], Bodies(answer));
    }

    [Theory]
    [InlineData("GET /a HTTP/1.0\r\nHost: h\r\n\r\n", 505)]
    [InlineData("GET /a HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("\u0016\u0003\u0001 this is TLS\r\n\r\n", 400)]
    [InlineData("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413)]
    public async Task Whatever_is_no_request_is_refused_and_ends_the_connection(string text, int status)
    {
        var answer = await TalkAsync(text, stayOpen: true);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_that_never_ends_is_cut_off()
    {
        var answer = await TalkAsync("GET /a HTTP/1.1\r\nHost: " + new string('x', 500), stayOpen: true);

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_may_be_as_long_as_the_limit_and_no_longer()
    {
        const string Start = "GET /a HTTP/1.1\r\nHost: ";
        var longest = Start + new string('x', Small.HeadBytes - Start.Length);

        var taken = await TalkAsync(longest + "\r\n\r\n");
        var refused = await TalkAsync(longest + "x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", taken, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /a HT")]
    [InlineData("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")]
    public async Task A_request_that_breaks_off_gets_no_answer(string text)
    {
        var answer = await TalkAsync(text);

        Assert.Equal("", answer);
    }

    [Fact]
    public async Task Who_is_too_slow_is_told_so()
    {
        var impatient = Small with { Message = TimeSpan.FromMilliseconds(50) };

        var answer = await TalkAsync("GET /a HTTP/1.1\r\n", impatient, stayOpen: true);

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_says_nothing_is_left()
    {
        var impatient = Small with { Idle = TimeSpan.FromMilliseconds(50) };

        var answer = await TalkAsync("", impatient, stayOpen: true);

        Assert.Equal("", answer);
    }

    [Fact]
    public async Task A_handler_that_breaks_does_not_end_the_connection()
    {
        var answer = await TalkAsync("GET /broken HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 500 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("[GET /b 0]", answer, StringComparison.Ordinal);
    }

    private static string[] Bodies(string answer) =>
        [.. answer.Split("HTTP/1.1 200 OK").Skip(1).Select(one => one.Split("\r\n\r\n")[1])];
}

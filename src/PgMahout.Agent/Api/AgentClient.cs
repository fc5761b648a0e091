using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PgMahout.Core.Cluster;

namespace PgMahout.Agent.Api;

/// <summary>Asks one agent. Silence is an answer, never an exception; every question has a limit.</summary>
public sealed class AgentClient : IDisposable
{
    private const string UnixScheme = "unix:";
    private readonly HttpClient _http;

    public AgentClient(MemberSpec member)
    {
        Member = member;
        var socket = member.Api.StartsWith(UnixScheme, StringComparison.Ordinal)
            ? member.Api[UnixScheme.Length..]
            : throw new NotSupportedException($"{member.Api} is not an agent address this version can reach");
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => ConnectAsync(socket, cancellation),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
            UseProxy = false,
            UseCookies = false,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://agent/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public MemberSpec Member { get; }

    public Task<AgentAnswer<MemberReport>> GetReportAsync(TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("report", WireContext.Default.MemberReport, limit, cancellation);

    public Task<AgentAnswer<AgentStatus>> GetStatusAsync(TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("status", WireContext.Default.AgentStatus, limit, cancellation);

    public Task<AgentAnswer<AgentExplanation>> ExplainAsync(TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("explain", WireContext.Default.AgentExplanation, limit, cancellation);

    public Task<AgentAnswer<bool>> RequestAsync(
        MemberRequest request, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(token => PostAsync("request", JsonContent.Create(
            new RequestBody(request), WireContext.Default.RequestBody), token), limit, cancellation);

    /// <summary>Something changed that the agent should look at now.</summary>
    public Task<AgentAnswer<bool>> WakeAsync(TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(token => PostAsync("wake", null, token), limit, cancellation);

    public Task<AgentAnswer<PromiseAnswer>> PromiseAsync(
        PromiseBody body, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(async token =>
        {
            using var content = JsonContent.Create(body, WireContext.Default.PromiseBody);
            using var response = await _http.PostAsync("promise", content, token);
            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync(WireContext.Default.PromiseAnswer, token))!;
        }, limit, cancellation);

    public void Dispose() => _http.Dispose();

    private Task<AgentAnswer<T>> GetAsync<T>(
        string path, JsonTypeInfo<T> type, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(async token => (await _http.GetFromJsonAsync(path, type, token))!, limit, cancellation);

    private async Task<bool> PostAsync(string path, HttpContent? content, CancellationToken cancellation)
    {
        using var owned = content;
        using var response = await _http.PostAsync(path, owned, cancellation);
        response.EnsureSuccessStatusCode();
        return true;
    }

    private static async Task<AgentAnswer<T>> AskAsync<T>(
        Func<CancellationToken, Task<T>> question, TimeSpan limit, CancellationToken cancellation)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(limit);
        try
        {
            return new AgentAnswer<T>.Said(await question(bounded.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new AgentAnswer<T>.Silent($"no answer within {limit.TotalMilliseconds:F0} ms");
        }
        catch (HttpRequestException failure)
        {
            return new AgentAnswer<T>.Silent(failure.InnerException?.Message ?? failure.Message);
        }
        catch (JsonException failure)
        {
            return new AgentAnswer<T>.Silent($"it answered what this version cannot read: {failure.Message}");
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>What came of a question to an agent.</summary>
public abstract record AgentAnswer<T>
{
    private AgentAnswer() { }

    public sealed record Said(T Value) : AgentAnswer<T>;

    public sealed record Silent(string Reason) : AgentAnswer<T>;

    /// <summary>Why there is no answer; empty when there is one.</summary>
    public string Silence => this is Silent silent ? silent.Reason : "";
}

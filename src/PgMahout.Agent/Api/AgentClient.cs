using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PgMahout.Agent.Http;
using PgMahout.Core.Cluster;

namespace PgMahout.Agent.Api;

/// <summary>Asks one agent. Silence is an answer, never an exception; every question has a limit.</summary>
public sealed class AgentClient : IDisposable
{
    private const string UnixScheme = "unix:";

    // An explanation names every member; it has no bound of its own.
    private static readonly HttpLimits Limits = new() { BodyBytes = 1 << 20 };

    private readonly HttpCaller _http;

    public AgentClient(MemberSpec member)
    {
        Member = member;
        var socket = member.Api.StartsWith(UnixScheme, StringComparison.Ordinal)
            ? member.Api[UnixScheme.Length..]
            : throw new NotSupportedException($"{member.Api} is not an agent address this version can reach");
        _http = new HttpCaller(cancellation => ConnectAsync(socket, cancellation), Limits);
    }

    public MemberSpec Member { get; }

    public Task<AgentAnswer<MemberReport>> GetReportAsync(TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("/report", WireContext.Default.MemberReport, limit, cancellation);

    public Task<AgentAnswer<AgentStatus>> GetStatusAsync(TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("/status", WireContext.Default.AgentStatus, limit, cancellation);

    public Task<AgentAnswer<AgentExplanation>> ExplainAsync(TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("/explain", WireContext.Default.AgentExplanation, limit, cancellation);

    /// <summary>Who was connected since the agent began.</summary>
    public Task<AgentAnswer<ImmutableArray<LoginReport>>> GetLoginsAsync(
        TimeSpan limit, CancellationToken cancellation) =>
        GetAsync("/logins", WireContext.Default.ImmutableArrayLoginReport, limit, cancellation);

    public Task<AgentAnswer<bool>> RequestAsync(
        MemberRequest request, TimeSpan limit, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new RequestBody(request), WireContext.Default.RequestBody);
        return AskAsync(new HttpRequest("POST", "/request", body), _ => true, limit, cancellation);
    }

    /// <summary>Something changed that the agent should look at now.</summary>
    public Task<AgentAnswer<bool>> WakeAsync(TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(new HttpRequest("POST", "/wake", default), _ => true, limit, cancellation);

    public Task<AgentAnswer<PromiseAnswer>> PromiseAsync(
        PromiseBody body, TimeSpan limit, CancellationToken cancellation)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(body, WireContext.Default.PromiseBody);
        return AskAsync(
            new HttpRequest("POST", "/promise", json), Reader(WireContext.Default.PromiseAnswer), limit, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private Task<AgentAnswer<T>> GetAsync<T>(
        string path, JsonTypeInfo<T> type, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(new HttpRequest("GET", path, default), Reader(type), limit, cancellation);

    private static Func<HttpAnswer, T> Reader<T>(JsonTypeInfo<T> type) =>
        answer => JsonSerializer.Deserialize(answer.Body.Span, type) is { } said ? said : throw new JsonException("null");

    private async Task<AgentAnswer<T>> AskAsync<T>(
        HttpRequest request, Func<HttpAnswer, T> read, TimeSpan limit, CancellationToken cancellation)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(limit);
        try
        {
            var answer = await _http.AskAsync(request, bounded.Token);
            return answer.IsSuccess
                ? new AgentAnswer<T>.Said(read(answer))
                : new AgentAnswer<T>.Silent($"it refused {request.Path} with status {answer.Status}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new AgentAnswer<T>.Silent($"no answer within {limit.TotalMilliseconds:F0} ms");
        }
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException)
        {
            return new AgentAnswer<T>.Silent(failure.InnerException?.Message ?? failure.Message);
        }
        catch (JsonException failure)
        {
            return new AgentAnswer<T>.Silent($"it answered what this version cannot read: {failure.Message}");
        }
    }

    private static async Task<Stream> ConnectAsync(string path, CancellationToken cancellation)
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

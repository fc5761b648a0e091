using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PgMahout.Agent.Http;

namespace PgMahout.Agent.Api;

/// <summary>
/// Asks whoever answers at one unix socket, or at one address by TLS. Silence is an answer, never an exception; every
/// question has a limit.
/// </summary>
internal sealed class SocketCaller : IDisposable
{
    // An explanation names every member; it has no bound of its own.
    private static readonly HttpLimits Limits = new() { BodyBytes = 1 << 20 };

    private readonly HttpCaller _http;

    public SocketCaller(string socket) =>
        _http = new HttpCaller(cancellation => ConnectAsync(socket, cancellation), Limits);

    /// <summary>Of another host: each proves to the other who it is.</summary>
    public SocketCaller(Uri address, HostCertificates certificates) =>
        _http = new HttpCaller(cancellation => ConnectAsync(address, certificates, cancellation), Limits);

    public Task<AgentAnswer<T>> GetAsync<T>(
        string path, JsonTypeInfo<T> type, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(new HttpRequest("GET", path, default), Reader(type), limit, cancellation);

    public Task<AgentAnswer<TAnswer>> PostAsync<TBody, TAnswer>(
        (string Path, TBody Body) question, (JsonTypeInfo<TBody> Body, JsonTypeInfo<TAnswer> Answer) types,
        TimeSpan limit, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(question.Body, types.Body);
        return AskAsync(new HttpRequest("POST", question.Path, body), Reader(types.Answer), limit, cancellation);
    }

    /// <summary>For a question to which a good status is answer enough.</summary>
    public Task<AgentAnswer<bool>> TellAsync(
        string path, ReadOnlyMemory<byte> body, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(new HttpRequest("POST", path, body), _ => true, limit, cancellation);

    public void Dispose() => _http.Dispose();

    private static Func<HttpAnswer, T> Reader<T>(JsonTypeInfo<T> type) =>
        answer => JsonSerializer.Deserialize(answer.Body.Span, type) is { } said
            ? said
            : throw new JsonException("null");

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
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException
            or AuthenticationException or InvalidDataException)
        {
            return new AgentAnswer<T>.Silent(failure.InnerException?.Message ?? failure.Message);
        }
        catch (JsonException failure)
        {
            return new AgentAnswer<T>.Silent($"it answered what this version cannot read: {failure.Message}");
        }
    }

    private static async Task<Stream> ConnectAsync(
        Uri address, HostCertificates certificates, CancellationToken cancellation)
    {
        var options = certificates.ForClient(address.IdnHost);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.IdnHost, address.Port, cancellation);
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(options, cancellation);
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
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

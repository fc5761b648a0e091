using System.Net;
using System.Text.Json;

namespace PgMahout.Store.Etcd;

/// <summary>One member of etcd, by its address: calls with the token it gave, one at a time or many.</summary>
internal sealed class EtcdEndpoint(Uri address, EtcdSettings settings, HttpMessageInvoker http)
{
    private const string NoAuthentication = "authentication is not enabled";

    private readonly Lock _lock = new();
    private Task<string?>? _token;

    public Uri Address => address;

    /// <param name="patience">
    /// If nothing of the call has been sent after this time, because no connection comes about, it is taken back.
    /// </param>
    /// <param name="ending">The limit of the whole call.</param>
    public async Task<EtcdReply<T>> CallAsync<T>(EtcdCall<T> call, TimeSpan patience, CancellationToken ending)
    {
        for (var first = true; ; first = false)
        {
            var reply = await CallOnceAsync(call, patience, ending).ConfigureAwait(false);
            if (reply is not EtcdReply<T>.Failed { Fate: Fate.Unauthenticated } failed)
                return reply;
            // Nothing was done; a new token may be all that is missing.
            ForgetToken();
            if (!first || settings.User is null)
                return failed with { Fate = Fate.Rejected };
        }
    }

    /// <summary>An answer that comes in pieces until somebody cancels it; throws what any stream throws.</summary>
    public async Task<HttpResponseMessage> OpenStreamAsync(string path, byte[] body, CancellationToken ending)
    {
        using var content = new OnceContent(body);
        return await PostAsync(path, content, ending).ConfigureAwait(false);
    }

    private async Task<EtcdReply<T>> CallOnceAsync<T>(EtcdCall<T> call, TimeSpan patience, CancellationToken ending)
    {
        using var content = new OnceContent(call.Body);
        using var calling = CancellationTokenSource.CreateLinkedTokenSource(ending);
        var answer = AnswerAsync(call, content, calling.Token);
        using var pace = CancellationTokenSource.CreateLinkedTokenSource(ending);
        await Task.WhenAny(answer, Task.Delay(patience, pace.Token)).ConfigureAwait(false);
        if (!answer.IsCompleted && content.Withdraw())
            await calling.CancelAsync().ConfigureAwait(false);
        await pace.CancelAsync().ConfigureAwait(false);
        return await answer.ConfigureAwait(false);
    }

    private async Task<EtcdReply<T>> AnswerAsync<T>(EtcdCall<T> call, OnceContent content, CancellationToken ending)
    {
        try
        {
            using var response = await PostAsync(call.Path, content, ending).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(ending).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK
                ? new EtcdReply<T>.Answered(JsonSerializer.Deserialize(body, call.Reply)!)
                : EtcdWords.Of<T>(response.StatusCode, body);
        }
        catch (LoginFailure refused)
        {
            return new EtcdReply<T>.Failed(refused.Message, refused.Fate);
        }
        catch (Exception failure) when (IsBrokenCall(failure))
        {
            return new EtcdReply<T>.Failed(
                EtcdWords.Of(failure), content.IsGiven ? Fate.Unsettled : Fate.NeverApplied);
        }
    }

    private async Task<HttpResponseMessage> PostAsync(string path, OnceContent content, CancellationToken ending)
    {
        var token = settings.User is null ? null : await TokenAsync().WaitAsync(ending).ConfigureAwait(false);
        return await SendAsync(path, content, token, ending).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(
        string path, OnceContent content, string? token, CancellationToken ending)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Content = content,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        // A member that has lost its leader says so, instead of waiting for one.
        request.Headers.TryAddWithoutValidation("Grpc-Metadata-hasleader", "true");
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        return await http.SendAsync(request, ending).ConfigureAwait(false);
    }

    /// <summary>Callers at the same time share one login.</summary>
    private Task<string?> TokenAsync()
    {
        lock (_lock)
        {
            if (_token is null or { IsFaulted: true } or { IsCanceled: true })
                _token = LogInAsync();
            return _token;
        }
    }

    public void ForgetToken()
    {
        lock (_lock)
            _token = _token is { IsCompleted: false } underWay ? underWay : null;
    }

    /// <returns>Null when this etcd asks for no password.</returns>
    private async Task<string?> LogInAsync()
    {
        using var ending = new CancellationTokenSource(EtcdEndpoints.LongestCall);
        var password = (await File.ReadAllLinesAsync(settings.PasswordFile!, ending.Token).ConfigureAwait(false))
            .FirstOrDefault("");
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new AuthenticateRequest(settings.User!, password), EtcdJson.Default.AuthenticateRequest);
        using var content = new OnceContent(body);
        using var response = await SendAsync("/v3/auth/authenticate", content, null, ending.Token)
            .ConfigureAwait(false);
        var answer = await response.Content.ReadAsByteArrayAsync(ending.Token).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.OK)
            return JsonSerializer.Deserialize(answer, EtcdJson.Default.AuthenticateReply)!.Token;
        var failed = EtcdWords.Of<AuthenticateReply>(response.StatusCode, answer);
        return failed.Why.Contains(NoAuthentication, StringComparison.Ordinal)
            ? null
            : throw new LoginFailure(failed.Why, failed.Fate == Fate.Rejected ? Fate.Rejected : Fate.NeverApplied);
    }

    public static bool IsBrokenCall(Exception failure) => failure is
        HttpRequestException or IOException or OperationCanceledException or JsonException
        or UnauthorizedAccessException or ObjectDisposedException or LoginFailure;

    private sealed class LoginFailure(string why, Fate fate) : Exception(why)
    {
        public Fate Fate => fate;
    }
}

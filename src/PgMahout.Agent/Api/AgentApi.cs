using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PgMahout.Agent.Home;
using PgMahout.Agent.Http;
using PgMahout.Agent.Loop;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Api;

/// <summary>
/// What an agent answers, on a unix socket that only its owner can open, and on several hosts to whoever has a
/// certificate of the cluster: its own report to peers, its account of itself to people, and the few things that can
/// be asked of one member.
/// </summary>
internal sealed class AgentApi(
    (HomeLayout Home, MemberName Self) place, Observer observer, ServerWatch notes, AgentState state, WakeSignal wake)
{
    private const double LongestWait = 10;
    private static readonly TimeSpan ReportLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>Listens until disposed. A socket file that an earlier agent left is replaced.</summary>
    public Listener Listen() =>
        UnixListener.Open(place.Home.ApiSocket(place.Self), new HttpServer(new HttpLimits(), AnswerAsync));

    /// <summary>For other hosts, until disposed.</summary>
    public Listener Listen(IPEndPoint address)
    {
        var operate = new HttpServer(new HttpLimits(), AnswerAsync);
        var read = new HttpServer(new HttpLimits(), ReadAsync);
        return TlsListener.Open(
            address,
            HostCertificates.In(place.Home.CertificateDirectory),
            peer => PeerRoles.Of(peer) switch
            {
                PeerRole.Operate => operate,
                PeerRole.Read => read,
            });
    }

    /// <summary>Nothing that is only read is asked with another method.</summary>
    private Task<HttpAnswer> ReadAsync(HttpRequest request, CancellationToken cancellation) => request.Method == "GET"
        ? AnswerAsync(request, cancellation)
        : Task.FromResult(HttpAnswer.Refusing(403, "this certificate may only read"));

    private Task<HttpAnswer> AnswerAsync(HttpRequest request, CancellationToken cancellation) =>
        (request.Method, request.Path) switch
        {
            ("GET", "/report") => ReportAsync(cancellation),
            ("GET", "/status") => StatusAsync(cancellation),
            ("GET", "/explain") => Task.FromResult(
                HttpAnswer.Json(AgentAccount.Explain(place.Self, state), WireContext.Default.AgentExplanation)),
            ("GET", "/logins") => LoginsAsync(cancellation),
            ("POST", "/service") => ServiceAsync(request.Body, cancellation),
            ("POST", "/wake") => Task.FromResult(Wake()),
            ("POST", "/request") => Task.FromResult(Request(request.Body)),
            ("POST", "/promise") => Task.FromResult(Promise(request.Body)),
            ("POST", "/fault") => Task.FromResult(Break(request.Body)),
            ("POST", "/drain") => DrainAsync(request.Body),
            (_, "/report" or "/status" or "/explain" or "/logins") =>
                Task.FromResult(HttpAnswer.Refusing(405, "ask with GET")),
            (_, "/wake" or "/request" or "/promise" or "/service" or "/drain" or "/fault") =>
                Task.FromResult(HttpAnswer.Refusing(405, "ask with POST")),
            _ => Task.FromResult(HttpAnswer.Refusing(404, $"there is no {request.Path} here")),
        };

    private async Task<HttpAnswer> ReportAsync(CancellationToken cancellation) =>
        HttpAnswer.Json(await observer.ReportAsync(ReportLimit, cancellation), WireContext.Default.MemberReport);

    private async Task<HttpAnswer> StatusAsync(CancellationToken cancellation) =>
        HttpAnswer.Json(
            AgentAccount.Status(place, await observer.ReportAsync(ReportLimit, cancellation), notes.Notes, state),
            WireContext.Default.AgentStatus);

    private async Task<HttpAnswer> LoginsAsync(CancellationToken cancellation)
    {
        await notes.LookAsync(cancellation);
        return HttpAnswer.Json(
            [
                .. notes.Logins.Select(one => new LoginReport(
                    one.Login.User, one.Login.Database, one.Login.Address, one.Ago.TotalSeconds)),
            ],
            WireContext.Default.ImmutableArrayLoginReport);
    }

    /// <summary>
    /// Waits for news, at most for as long as the question says: a failover should not wait for a poll.
    /// </summary>
    private async Task<HttpAnswer> ServiceAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        if (Read(body, WireContext.Default.ServiceBody) is not { Seconds: >= 0 and <= LongestWait } asked)
            return Unreadable();
        await state.Service.AwaitAfterAsync(asked.Known, TimeSpan.FromSeconds(asked.Seconds), cancellation);
        return HttpAnswer.Json(state.Service.Report(place.Self), WireContext.Default.ServiceReport);
    }

    /// <summary>A leader elsewhere is about to hand over: the proxies of this host hold their clients.</summary>
    private async Task<HttpAnswer> DrainAsync(ReadOnlyMemory<byte> body) =>
        Read(body, WireContext.Default.DrainBody) is { WaitSeconds: >= 0 and <= LongestWait } asked
            ? HttpAnswer.Json(await ProxyCalls.DrainHereAsync(place.Home, asked), WireContext.Default.DrainReport)
            : Unreadable();

    private HttpAnswer Wake()
    {
        wake.Set();
        return HttpAnswer.Empty(204);
    }

    private HttpAnswer Request(ReadOnlyMemory<byte> body)
    {
        if (Read(body, WireContext.Default.RequestBody) is not { } asked)
            return Unreadable();
        state.Memory.Request = asked.Request;
        wake.Set();
        return HttpAnswer.Empty(202);
    }

    private HttpAnswer Break(ReadOnlyMemory<byte> body)
    {
        if (Read(body, WireContext.Default.FaultBody) is not { } asked)
            return Unreadable();
        var victim = asked.Fault switch
        {
            Fault.KillServer => state.Postmaster(),
            Fault.KillAgent => ServerProcess.Find(Environment.ProcessId),
        };
        Console.Error.WriteLine($"agent {place.Self}: a drill asks for {asked.Fault}");
        return victim?.Kill() == true ? HttpAnswer.Empty(202) : HttpAnswer.Refusing(409, "there is no such process");
    }

    private HttpAnswer Promise(ReadOnlyMemory<byte> body)
    {
        if (Read(body, WireContext.Default.PromiseBody) is not { } asked)
            return Unreadable();
        var ttl = state.Memory.View?.Timing.Ttl;
        var promised = ttl is { } span && state.Memory.TryPromise(asked.Epoch, span, asked.Written);
        var reason = promised ? null : "it knows a later reign, or is taking the lease";
        return HttpAnswer.Json(new PromiseAnswer(promised, reason), WireContext.Default.PromiseAnswer);
    }

    private static HttpAnswer Unreadable() => HttpAnswer.Refusing(400, "the body is not what this path takes");

    private static T? Read<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Agent.Http;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Postgres.Processes;

namespace PgMahout.Proxying;

/// <summary>
/// What a proxy answers, on a unix socket that only its owner can open: to the agent of a leader that hands over, and
/// to the command line.
/// </summary>
internal sealed class ProxyApi(ProxyWork work, ProxySuccession succession)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestKeep = TimeSpan.FromDays(30);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(1);

    public Listener Listen(HomeLayout home)
    {
        RemoveLeftOvers(home);
        return UnixListener.Open(
            home.ProxySocket(Environment.ProcessId), new HttpServer(new HttpLimits(), AnswerAsync));
    }

    private Task<HttpAnswer> AnswerAsync(HttpRequest request, CancellationToken cancellation) =>
        (request.Method, request.Path) switch
        {
            ("GET", "/report") => Task.FromResult(
                HttpAnswer.Json(work.Account(), DocumentJson.Types.ProxyAccount)),
            ("POST", "/drain") => DrainAsync(request.Body, cancellation),
            ("POST", "/release") => Task.FromResult(Done(work.Feed.Release)),
            ("POST", "/pause") => Task.FromResult(Done(work.Pause)),
            ("POST", "/resume") => Task.FromResult(Done(work.Resume)),
            ("POST", "/reload") => Task.FromResult(Done(work.Reload)),
            ("POST", "/succeed") => SucceedAsync(request.Body),
            ("POST", "/stop") => Task.FromResult(Done(work.Stop)),
            _ => Task.FromResult(HttpAnswer.Refusing(404, $"there is no {request.Method} {request.Path} here")),
        };

    /// <summary>
    /// The loop counts what is in flight after it has begun to hold: only a report that was made by a draining
    /// topology says that nothing more will come.
    /// </summary>
    private async Task<HttpAnswer> DrainAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        if (Read(body, WireContext.Default.DrainBody) is not { HoldSeconds: >= 0, WaitSeconds: >= 0 } asked)
            return HttpAnswer.Refusing(400, "the body is not what this path takes");
        var until = BootClock.Now() + Shorter(asked.WaitSeconds, LongestWait);
        work.Feed.Drain(asked.Epoch, Shorter(asked.HoldSeconds, LongestHold));
        while (!IsDrained(asked.Epoch) && BootClock.Now() < until)
            await Task.Delay(Pace, cancellation);
        return HttpAnswer.Json(new DrainAnswer(work.Server.Report.InFlight), WireContext.Default.DrainAnswer);
    }

    private bool IsDrained(Epoch epoch)
    {
        var report = work.Server.Report;
        return report.InFlight == 0
            && (report.Seen.Primary is null || (report.Seen.Draining && report.Seen.Epoch == epoch.Value));
    }

    private static HttpAnswer Done(Action action)
    {
        action();
        return HttpAnswer.Empty(204);
    }

    private static TimeSpan Shorter(double seconds, TimeSpan most) =>
        seconds < most.TotalSeconds ? TimeSpan.FromSeconds(seconds) : most;

    private async Task<HttpAnswer> SucceedAsync(ReadOnlyMemory<byte> body)
    {
        if (Read(body, WireContext.Default.SuccessionBody) is not { } asked || asked.KeepSeconds < 0)
            return HttpAnswer.Refusing(400, "the body is not what this path takes");
        var keep = asked.KeepSeconds is { } seconds ? Shorter(seconds, LongestKeep) : (TimeSpan?)null;
        return HttpAnswer.Json(await succession.RunAsync(keep), WireContext.Default.SuccessionAnswer);
    }

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

    /// <summary>A proxy that was killed leaves its socket file, and a later process may have its number.</summary>
    private static void RemoveLeftOvers(HomeLayout home)
    {
        foreach (var socket in home.ProxySockets())
            if (!IsAlive(socket))
                File.Delete(socket);
    }

    private static bool IsAlive(string socket) =>
        int.TryParse(Path.GetFileName(socket).Split('.')[1], out var pid) && ServerProcess.Find(pid) is not null;
}

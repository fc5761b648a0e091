using PgMahout.Agent.Api;
using PgMahout.Agent.Guarding;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Proxying;

/// <summary>What is asked of the proxy that runs.</summary>
internal sealed class ProxyCommand(Invocation invocation)
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SuccessionLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    public static Failure None() =>
        new Failure(ErrorCatalogue.NoProxy, "the cluster has no proxy").Try("pgmahout proxy settings --port PORT");

    public Task<Ending> ShowAsync() => WithAsync((seen, account) =>
    {
        invocation.Screen.Data(invocation.Screen.Format switch
        {
            OutputFormat.Json => DocumentJson.Text(account, DocumentJson.Types.ProxyAccount),
            OutputFormat.Plain => string.Join('\n', ProxyText.Plain(seen)),
            OutputFormat.Human => $"{ProxyText.Lines(seen)}\n\n{ProxyText.Sentence(seen.Settings!)}",
        });
        return Task.FromResult(Ending.Ok);
    });

    /// <param name="word">reload, pause or resume.</param>
    public Task<Ending> TellAsync(string word) => WithAsync(async (_, account) =>
    {
        // Those that only have clients of before are told too; whether they answer does not matter.
        var own = invocation.Home.ProxySocket(account.Pid);
        var others = invocation.Home.ProxySockets().Where(socket => socket != own).ToArray();
        var answer = (await Task.WhenAll(others.Prepend(own).Select(socket => TellAsync(socket, word))))[0];
        if (answer is AgentAnswer<bool>.Silent silent)
            return new Failure(ErrorCatalogue.ProxySilent, "the proxy did not answer").Because(silent.Reason)
                .Leaving("it may have done as asked")
                .Try("pgmahout proxy show");
        Done.Say(invocation.Screen, new Done($"proxy {word}", "proxy", word switch
        {
            "pause" => "paused: what runs may end, clients wait",
            "resume" => "clients go on",
            _ => "done",
        }));
        return Ending.Ok;
    });

    private async Task<AgentAnswer<bool>> TellAsync(string socket, string word)
    {
        using var proxy = new ProxyClient(socket);
        return await proxy.TellAsync(word, AskLimit, invocation.Cancellation);
    }

    /// <summary>The process that listens starts the next one, and hands over to it all that it can.</summary>
    /// <param name="keep">Clients that cannot move are ended after so long; null: never.</param>
    public Task<Ending> RestartAsync(TimeSpan? keep) => WithAsync(async (_, account) =>
    {
        using var proxy = new ProxyClient(invocation.Home.ProxySocket(account.Pid));
        var answer = await proxy.SucceedAsync(
            new SuccessionBody(keep?.TotalSeconds), SuccessionLimit, invocation.Cancellation);
        return answer switch
        {
            AgentAnswer<SuccessionAnswer>.Said { Value: { Why: null } next } =>
                Restarted($"process {next.Pid} listens"),
            AgentAnswer<SuccessionAnswer>.Said { Value.Why: { } why } =>
                new Failure(ErrorCatalogue.ProxyStays, "no other process has taken the proxy's place").Because(why)
                    .Leaving($"process {account.Pid} serves its clients as before")
                    .Try("pgmahout logs", "pgmahout proxy restart --now"),
            AgentAnswer<SuccessionAnswer>.Silent silent =>
                new Failure(ErrorCatalogue.ProxySilent, "the proxy did not answer").Because(silent.Reason)
                    .Leaving("another process may have taken its place")
                    .Try("pgmahout proxy show", "pgmahout proxy restart --now"),
            _ => throw new InvalidOperationException($"unknown answer {answer.GetType()}"),
        };
    });

    /// <summary>It ends, connections with it, and the supervisor starts the next one.</summary>
    public Task<Ending> RestartNowAsync() => WithAsync(async (_, account) =>
    {
        using (var proxy = new ProxyClient(invocation.Home.ProxySocket(account.Pid)))
            await proxy.TellAsync("stop", AskLimit, invocation.Cancellation);
        var started = TimeProvider.System.GetTimestamp();
        while (ProxyAccount.Read(invocation.Home) is not { Listening: true } next || next.Pid == account.Pid
            || !Signals.IsAlive(next.Pid))
        {
            if (TimeProvider.System.GetElapsedTime(started) >= RestartLimit)
                return new Failure(ErrorCatalogue.ProxyDown, "no other proxy listens")
                    .Leaving(PidLock.Holder(invocation.Home.ProxyLock) is { } pid ? $"process {pid} runs" : "none runs")
                    .Try("pgmahout logs");
            await Task.Delay(Pace, invocation.Cancellation);
        }
        return Restarted("another process listens");
    });

    private Ending Restarted(string text)
    {
        Done.Say(invocation.Screen, new Done("proxy restart", "proxy", text));
        return Ending.Ok;
    }

    private async Task<Ending> WithAsync(Func<ProxyObservation, ProxyAccount, Task<Ending>> act)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        var seen = ProxyObservation.Of(invocation.Home, cluster.Records.Proxy?.Value);
        if (seen.Settings is null)
            return None();
        if (seen.Account is not { } account)
            return new Failure(ErrorCatalogue.ProxyDown, "the proxy does not run")
                .Try("pgmahout status", "pgmahout logs");
        return await act(seen, account);
    }
}

using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Agent.Http;
using PgMahout.Core.Cluster;

namespace PgMahout.Agent.Api;

/// <summary>Asks one agent. Silence is an answer, never an exception; every question has a limit.</summary>
public sealed class AgentClient : IDisposable
{
    private const string UnixScheme = "unix:";

    /// <summary>For the way to the proxies and back.</summary>
    private static readonly TimeSpan DrainSlack = TimeSpan.FromMilliseconds(100);

    private readonly SocketCaller _caller;

    /// <param name="home">Of the one who asks: where its certificates are.</param>
    public AgentClient(HomeLayout home, MemberSpec member)
    {
        Member = member;
        _caller = CallerOf(home, member);
    }

    public MemberSpec Member { get; }

    public Task<AgentAnswer<MemberReport>> GetReportAsync(TimeSpan limit, CancellationToken cancellation) =>
        _caller.GetAsync("/report", WireContext.Default.MemberReport, limit, cancellation);

    public Task<AgentAnswer<AgentStatus>> GetStatusAsync(TimeSpan limit, CancellationToken cancellation) =>
        _caller.GetAsync("/status", WireContext.Default.AgentStatus, limit, cancellation);

    public Task<AgentAnswer<AgentExplanation>> ExplainAsync(TimeSpan limit, CancellationToken cancellation) =>
        _caller.GetAsync("/explain", WireContext.Default.AgentExplanation, limit, cancellation);

    /// <summary>Who was connected since the agent began.</summary>
    public Task<AgentAnswer<ImmutableArray<LoginReport>>> GetLoginsAsync(
        TimeSpan limit, CancellationToken cancellation) =>
        _caller.GetAsync("/logins", WireContext.Default.ImmutableArrayLoginReport, limit, cancellation);

    public Task<AgentAnswer<bool>> RequestAsync(
        MemberRequest request, TimeSpan limit, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new RequestBody(request), WireContext.Default.RequestBody);
        return _caller.TellAsync("/request", body, limit, cancellation);
    }

    /// <summary>
    /// Breaks something there, for a drill. An agent that kills itself falls silent: that is the answer.
    /// </summary>
    public Task<AgentAnswer<bool>> BreakAsync(Fault fault, TimeSpan limit, CancellationToken cancellation) =>
        _caller.TellAsync(
            "/fault", JsonSerializer.SerializeToUtf8Bytes(new FaultBody(fault), WireContext.Default.FaultBody),
            limit, cancellation);

    /// <summary>Something changed that the agent should look at now.</summary>
    public Task<AgentAnswer<bool>> WakeAsync(TimeSpan limit, CancellationToken cancellation) =>
        _caller.TellAsync("/wake", default, limit, cancellation);

    /// <summary>Has the proxies of its host hold their clients; answers with what is still under way there.</summary>
    public Task<AgentAnswer<DrainReport>> DrainAsync(DrainBody body, CancellationToken cancellation) =>
        _caller.PostAsync(
            ("/drain", body), (WireContext.Default.DrainBody, WireContext.Default.DrainReport),
            TimeSpan.FromSeconds(body.WaitSeconds) + DrainSlack, cancellation);

    public Task<AgentAnswer<PromiseAnswer>> PromiseAsync(
        PromiseBody body, TimeSpan limit, CancellationToken cancellation) =>
        _caller.PostAsync(
            ("/promise", body), (WireContext.Default.PromiseBody, WireContext.Default.PromiseAnswer),
            limit, cancellation);

    /// <summary>
    /// Answered when there is something else than <paramref name="known"/>, or after <paramref name="wait"/>.
    /// </summary>
    /// <param name="limit">Beyond that wait.</param>
    public Task<AgentAnswer<ServiceReport>> AwaitServiceAsync(
        long known, TimeSpan wait, TimeSpan limit, CancellationToken cancellation) =>
        _caller.PostAsync(
            ("/service", new ServiceBody(known, wait.TotalSeconds)),
            (WireContext.Default.ServiceBody, WireContext.Default.ServiceReport),
            wait + limit, cancellation);

    public void Dispose() => _caller.Dispose();

    // A member of this home is asked by its socket, also by somebody who may not read the certificates.
    private static SocketCaller CallerOf(HomeLayout home, MemberSpec member)
    {
        if (member.Api.StartsWith(UnixScheme, StringComparison.Ordinal))
            return new SocketCaller(member.Api[UnixScheme.Length..]);
        var own = home.ApiSocket(member.Name);
        return File.Exists(own)
            ? new SocketCaller(own)
            : new SocketCaller(AgentAddress.Of(member), HostCertificates.In(home.CertificateDirectory));
    }
}

/// <summary>What came of a question to an agent, or to a proxy.</summary>
public abstract record AgentAnswer<T>
{
    private AgentAnswer() { }

    public sealed record Said(T Value) : AgentAnswer<T>;

    public sealed record Silent(string Reason) : AgentAnswer<T>;

    /// <summary>Why there is no answer; empty when there is one.</summary>
    public string Silence => this is Silent silent ? silent.Reason : "";
}

using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Backups;
using PgMahout.Core.Cluster;
using PgMahout.Processes;
using PgMahout.Proxying;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Status;

/// <summary>
/// Reads what a status needs: the store and every agent at once, each within a limit. Silence is an answer.
/// </summary>
public sealed class StatusObserver(HomeLayout home, TimeSpan limit) : IAsyncDisposable
{
    /// <summary>For a person who waits: the whole of <c>status</c> is promised within 300 ms.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromMilliseconds(250);

    /// <summary>For a program that looks again and again, and prefers an answer to a quick silence.</summary>
    public static readonly TimeSpan Patient = TimeSpan.FromSeconds(1);

    /// <summary>For a person, where each question is a new connection to another host.</summary>
    public static readonly TimeSpan AcrossHosts = TimeSpan.FromSeconds(2);

    private readonly Dictionary<MemberSpec, AgentClient> _agents = [];
    private IClusterStore? _store;
    private ClusterRecords _records = ClusterRecords.None;

    public HomeLayout Home => home;

    public async Task<ClusterStatus> ObserveAsync(CancellationToken cancellation) =>
        Verdict.On(await LookAsync(cancellation));

    /// <summary>The newest entries of the history; unreachable before the first look, too.</summary>
    public async Task<JournalRead> ReadJournalAsync(int count, CancellationToken cancellation) => _store is null
        ? new JournalRead.Unreachable("the store is not open")
        : await _store.ReadJournalAsync(count, limit, cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents.Values)
            agent.Dispose();
        if (_store is not null)
            await _store.DisposeAsync();
    }

    private async Task<ClusterObservation> LookAsync(CancellationToken cancellation)
    {
        var (records, problem) = await ReadStoreAsync(cancellation);
        var spec = records?.Spec?.Value;
        var members = spec?.Members ?? HomeMembers.In(home);
        var asking = members.Select(member => AskAsync(AgentOf(member), cancellation)).ToArray();
        var answers = await Task.WhenAll(asking);
        return new ClusterObservation(
            spec?.Name ?? Path.GetFileName(home.Root),
            spec,
            spec is null ? null : records!.Content(TimeProvider.System.GetUtcNow()),
            problem,
            SupervisorProcess.Find(home),
            [.. answers],
            records?.Configuration?.Value.Rollout)
        {
            KeptByUnits = File.Exists(home.HostFile),
            Backups = LookAtBackups(records, answers),
            Proxy = ProxyObservation.Of(home, records?.Proxy?.Value),
        };
    }

    private BackupObservation LookAtBackups(ClusterRecords? records, MemberObservation[] answers)
    {
        if (records?.Backup?.Value is not { Repositories.IsEmpty: false } settings)
            return BackupObservation.None;
        if (File.Exists(home.HostFile))
            return HeardArchiver.Together(
                [
                    .. answers.Select(one => one.Status?.Archiver is { } word
                        ? HeardArchiver.Of(one.Name.Text, word)
                        : null).OfType<HeardArchiver>(),
                ],
                BackupNotices.Silence) is { } said
                ? new BackupObservation(settings, said.Report, said.Age)
                : new BackupObservation(settings, null, TimeSpan.Zero);
        var report = ArchiverReport.Read(home);
        return new BackupObservation(
            settings, report, report is null ? TimeSpan.Zero : TimeProvider.System.GetUtcNow().UtcDateTime - report.At);
    }

    private async Task<(ClusterRecords?, string?)> ReadStoreAsync(CancellationToken cancellation)
    {
        if (_store is null)
        {
            var opening = HomeStore.Open(home);
            if (opening is not StoreOpening.Ready { Store: var opened })
                return (null, opening.Problem);
            _store = opened;
        }
        switch (await _store.ReadAsync(limit, cancellation))
        {
            case StoreRead.Unreachable unreachable:
                return (null, unreachable.Reason);
            case StoreRead.Content content:
                return Decode(content);
            default:
                throw new InvalidOperationException("unknown result of reading the store");
        }
    }

    private (ClusterRecords?, string?) Decode(StoreRead.Content content)
    {
        switch (ClusterRecords.Decode(content, _records))
        {
            case RecordsRead.Decoded { Records: { Spec: not null } records }:
                _records = records;
                return (records, null);
            case RecordsRead.Decoded:
                return (null, "it holds no cluster: its creation was not finished");
            case RecordsRead.Unreadable unreadable:
                return (null, unreadable.Reason);
            default:
                throw new InvalidOperationException("unknown result of decoding the store");
        }
    }

    /// <summary>Kept between two looks, so that a watch does not connect anew each time.</summary>
    private AgentClient AgentOf(MemberSpec member)
    {
        if (!_agents.TryGetValue(member, out var agent))
            _agents[member] = agent = new AgentClient(home, member);
        return agent;
    }

    private async Task<MemberObservation> AskAsync(AgentClient agent, CancellationToken cancellation)
    {
        var member = agent.Member;
        var answer = await agent.GetStatusAsync(limit, cancellation);
        var status = (answer as AgentAnswer<AgentStatus>.Said)?.Value;
        return new MemberObservation(
            member.Name,
            member.Host,
            member.Port,
            home.DataDirectory(member.Name),
            status,
            status is null ? SilenceOf(member, answer.Silence) : null,
            status is null ? MemberProcesses.FindPostmaster(home, member.Name)?.Pid : null);
    }

    // .NET says "Cannot assign requested address" of a socket file that does not exist.
    private string SilenceOf(MemberSpec member, string why) =>
        member.Api == home.ApiAddress(member.Name) && !File.Exists(home.ApiSocket(member.Name))
            ? "its agent is not running"
            : $"its agent does not answer: {why}";
}

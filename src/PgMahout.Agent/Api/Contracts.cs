using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Addressing;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Agent.Api;

/// <summary>GET /status: one agent's account of itself, for people and for the command line.</summary>
/// <param name="PostmasterPid">Null when no postmaster runs.</param>
/// <param name="GuardPid">The process that fences; null when no server runs.</param>
/// <param name="Leadership">As this member last read the record; null before the first leader or if unreadable.</param>
/// <param name="StoreProblem">Why the store cannot be read; null when it can.</param>
/// <param name="LeaseLeftSeconds">Of the holder only: until it would be fenced.</param>
/// <param name="Rule">Name of the rule of its latest decision.</param>
/// <param name="RuleForSeconds">How long that rule has been the answer.</param>
/// <param name="Address">Of the virtual address; null where there is none.</param>
public sealed record AgentStatus(
    MemberName Member,
    int AgentPid,
    int? PostmasterPid,
    int? GuardPid,
    MemberReport Report,
    Leadership? Leadership,
    string? StoreProblem,
    double? LeaseLeftSeconds,
    string Rule,
    double RuleForSeconds,
    ImmutableArray<string> RecentFailures,
    ConfigurationReport? Configuration = null,
    AddressReport? Address = null)
{
    /// <summary>What the archiver beside it last said; null on one machine, and where it said nothing.</summary>
    public ArchiverWord? Archiver { get; init; }

    /// <summary>Directories of the server's tablespaces outside the data directory.</summary>
    public ImmutableArray<string> Tablespaces { get; init; } = [];
}

/// <summary>What an archiver said of itself, for whoever asks from another host.</summary>
/// <param name="Report">As it wrote it.</param>
public sealed record ArchiverWord(double AgeSeconds, JsonElement Report)
{
    /// <summary>Null where all of the cluster is in this home: whoever asks reads it himself.</summary>
    public static ArchiverWord? Read(HomeLayout home)
    {
        try
        {
            if (!File.Exists(home.HostFile) || !File.Exists(home.ArchiverReport))
                return null;
            var age = TimeProvider.System.GetUtcNow() - File.GetLastWriteTimeUtc(home.ArchiverReport);
            using var report = JsonDocument.Parse(File.ReadAllBytes(home.ArchiverReport));
            return new ArchiverWord(age.TotalSeconds, report.RootElement.Clone());
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>Which version of the cluster's configuration a member has.</summary>
/// <param name="Complaint">Why its server has not taken it; null when it has, or does not run.</param>
/// <param name="PendingRestart">Settings whose new value waits for a start of the server.</param>
/// <param name="BySystem">What ALTER SYSTEM has set there, as <c>name = value</c>.</param>
public sealed record ConfigurationReport(
    long Number, string? Complaint, ImmutableArray<string> PendingRestart, ImmutableArray<string> BySystem);

/// <summary>GET /logins: a client that was seen connected to this member's server.</summary>
/// <param name="Database">Null for physical replication.</param>
/// <param name="Address">Null for the unix socket.</param>
public sealed record LoginReport(string User, string? Database, string? Address, double SecondsAgo);

/// <summary>GET /explain: why this member does what it does, and what it would do if the primary died now.</summary>
/// <param name="Sentence">What is the case here, with the numbers it was decided on.</param>
/// <param name="Candidates">Every member as a successor of the present leader, with the reason against it.</param>
/// <param name="IfPrimaryDied">One sentence: who would lead, what could be lost.</param>
public sealed record AgentExplanation(
    MemberName Member,
    string Rule,
    string Meaning,
    string Sentence,
    ImmutableArray<CandidateView> Candidates,
    string IfPrimaryDied);

/// <param name="Position">Timeline and LSN, such as "3:0/5000148"; null when it did not say.</param>
/// <param name="WhyNot">Null when it could take over.</param>
public sealed record CandidateView(MemberName Name, string? Position, string? WhyNot);

/// <summary>
/// POST /service: what a proxy must know of this member, answered as soon as it is something else than what the asker
/// knows, or when so many seconds have passed.
/// </summary>
/// <param name="Known">Of the last answer; 0 for the first question.</param>
/// <param name="Seconds">From 0 to 10.</param>
public sealed record ServiceBody(long Known, double Seconds);

/// <summary>The answer to POST /service.</summary>
/// <param name="Version">Grows with every change, and from one agent of the member to the next.</param>
/// <param name="Holds">The epoch of the lease that this member holds and may act on; null when it holds none.</param>
/// <param name="LeftSeconds">Until it would be fenced.</param>
/// <param name="Serving">Whether its server runs as primary and is not about to stop; null: not looked at yet.</param>
public sealed record ServiceReport(
    long Version, MemberName Member, Epoch? Holds, double LeftSeconds, bool? Serving);

/// <summary>
/// POST /drain, of a proxy: begin nothing new on the primary of that epoch, and answer once what ran there has ended,
/// or after the wait.
/// </summary>
/// <param name="HoldSeconds">After so long clients go on, should no other primary have come by then.</param>
/// <param name="WaitSeconds">How long the answer may take.</param>
public sealed record DrainBody(Epoch Epoch, double HoldSeconds, double WaitSeconds);

/// <summary>The answer to POST /drain.</summary>
/// <param name="InFlight">Transactions that had not ended by then.</param>
public sealed record DrainAnswer(int InFlight);

/// <summary>POST /succeed, of a proxy: start another process that takes its place.</summary>
/// <param name="KeepSeconds">
/// Clients that cannot move are ended after so long; null: they stay as long as they like.
/// </param>
public sealed record SuccessionBody(double? KeepSeconds);

/// <summary>The answer to POST /succeed.</summary>
/// <param name="Pid">Of the process that listens now.</param>
/// <param name="Why">Why nothing has changed; null when another process listens.</param>
public sealed record SuccessionAnswer(int Pid, string? Why);

/// <summary>The answer to POST /drain, of an agent that asked the proxies of its host.</summary>
/// <param name="Asked">Proxies that were there to ask.</param>
/// <param name="Held">Of them, those that hold their clients.</param>
/// <param name="InFlight">Transactions of theirs that had not ended by then.</param>
public sealed record DrainReport(int Asked, int Held, int InFlight)
{
    public static readonly DrainReport Nobody = new(0, 0, 0);

    public static DrainReport operator +(DrainReport one, DrainReport other) =>
        new(one.Asked + other.Asked, one.Held + other.Held, one.InFlight + other.InFlight);
}

/// <summary>POST /request.</summary>
public sealed record RequestBody(MemberRequest Request);

/// <summary>
/// POST /fault: for drills on several hosts, where only its own agent can reach a member's processes.
/// </summary>
public sealed record FaultBody(Fault Fault);

/// <summary>What a drill breaks.</summary>
public enum Fault
{
    /// <summary>kill -9 of the postmaster.</summary>
    KillServer,

    /// <summary>kill -9 of the agent itself, which therefore does not answer.</summary>
    KillAgent,
}

/// <summary>
/// POST /promise: the holder of the lease, which cannot reach the store, asks not to be succeeded for a ttl.
/// </summary>
/// <param name="Written">How far it has written; null where no takeover is measured by that.</param>
public sealed record PromiseBody(MemberName Holder, Epoch Epoch, WalPosition? Written = null);

/// <summary>The answer to POST /promise.</summary>
public sealed record PromiseAnswer(bool Promised, string? Reason);

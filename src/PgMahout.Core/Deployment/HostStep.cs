using System.Collections.Immutable;
using PgMahout.Core.Installation;

namespace PgMahout.Core.Deployment;

/// <summary>A stage that all hosts have left before any enters the next.</summary>
public enum DeploymentStage
{
    /// <summary>Packages, programs, files: nothing runs that did not run before.</summary>
    Prepare,

    /// <summary>The store is started on every host that keeps it.</summary>
    Store,

    /// <summary>Hosts come to a store that runs, one after the other.</summary>
    NewVoters,

    /// <summary>When these are there, others leave it.</summary>
    FormerVoters,

    /// <summary>Running servers are prepared, and nobody else keeps them any more.</summary>
    Adopt,

    /// <summary>
    /// The agent of an adopted primary, alone: it must lead, and let members in, before they turn to it. The records of
    /// the cluster are written before.
    /// </summary>
    Lead,

    /// <summary>Agents, then whoever serves clients.</summary>
    Members,
}

/// <summary>Something that is done on one host. Each can be repeated.</summary>
/// <param name="Title">What it does, in a few words.</param>
public abstract record HostStep(DeploymentStage Stage, string Title)
{
    /// <summary>Packages of the distribution.</summary>
    public sealed record Install(string Title, ImmutableArray<InstallStep> Commands)
        : HostStep(DeploymentStage.Prepare, Title);

    /// <summary>.NET's runtime, beside our program.</summary>
    public sealed record CopyRuntime(string Version) : HostStep(DeploymentStage.Prepare, $"copy .NET {Version}");

    public sealed record CopyProgram(string Version) : HostStep(DeploymentStage.Prepare, $"copy pgmahout {Version}");

    /// <summary>The version that runs when something is started from now on.</summary>
    public sealed record Switch(string Version) : HostStep(DeploymentStage.Prepare, $"make {Version} the current one");

    /// <summary>Home, secrets, certificates, and what the home says of itself.</summary>
    /// <param name="Adopts">A running server becomes the member.</param>
    public sealed record MakeHome(string Title, bool Adopts = false) : HostStep(DeploymentStage.Prepare, Title);

    /// <summary>Where the other cluster of the pair is, and what opens its store; that it may come, too.</summary>
    public sealed record WriteTwin(string Cluster)
        : HostStep(DeploymentStage.Prepare, $"say where {Cluster} is, and with which certificate it is asked");

    public sealed record WriteUnits(ImmutableArray<DeployedFile> Files)
        : HostStep(DeploymentStage.Prepare, "write units");

    public sealed record OpenFirewall(HostFirewall Firewall, FirewallOpening Opening)
        : HostStep(DeploymentStage.Prepare, $"open the firewall ({FirewallScript.Name(Firewall)})");

    /// <summary>Stops a unit that is not wanted any more, and takes its file away.</summary>
    public sealed record RemoveUnit(string Unit) : HostStep(DeploymentStage.Prepare, $"remove {Unit}");

    /// <summary>Has a process read what was changed; PostgreSQL goes on.</summary>
    public sealed record Renew(string Unit) : HostStep(DeploymentStage.Prepare, $"start {Unit} anew");

    public sealed record Start(string Unit, DeploymentStage Stage) : HostStep(Stage, $"start {Unit}");

    /// <summary>It becomes a member of an etcd that runs, with nothing that a former member knew.</summary>
    /// <param name="Former">The member that had its address, which is removed first; null: there was none.</param>
    public sealed record JoinEtcd(KnownVoter? Former)
        : HostStep(
            DeploymentStage.NewVoters, "join etcd" + (Former is null ? "" : ", in place of its former member"));

    /// <summary>It joined before, and gets its vote.</summary>
    public sealed record VoteInEtcd() : HostStep(DeploymentStage.NewVoters, "vote in etcd");

    public sealed record LeaveEtcd(KnownVoter Voter) : HostStep(DeploymentStage.FormerVoters, "leave etcd");

    /// <summary>Roles, settings and rules of access of a running server.</summary>
    public sealed record AdoptServer(AdoptedHost Found) : HostStep(DeploymentStage.Adopt, TitleOf(Found))
    {
        private static string TitleOf(AdoptedHost found)
        {
            var server = found.Survey;
            var roles = server.IsStandby ? "" : "the password of postgres, the role pgmahout_replication; ";
            var kind = server.IsStandby ? "standby" : "primary";
            return FormattableString.Invariant($"adopt {server.Data} ({kind}, pid {server.Postmaster}, goes on): ")
                + $"{roles}its settings and rules of access stay, in that directory";
        }
    }

    /// <summary>Whoever kept the server until now does so no more; the server itself goes on.</summary>
    public sealed record EndFormerKeeper(AdoptedHost Found)
        : HostStep(DeploymentStage.Adopt, "PostgreSQL is kept no more by " + Keeper(Found.Survey))
    {
        public static string Keeper(AdoptionSurvey server)
        {
            string?[] keepers = [UnitOf(server), server.DebianDirectory is { } debian ? debian + "/start.conf" : null];
            var known = string.Join(" and ", keepers.OfType<string>());
            return known == "" ? "whoever started it by hand" : known;
        }

        /// <summary>Debian's own unit would start it at boot, also where it was started by hand.</summary>
        public static string? UnitOf(AdoptionSurvey server) => server.DebianDirectory is { } debian
            ? $"postgresql@{string.Join('-', debian.Split('/')[^2..])}.service"
            : server.Unit;
    }

    /// <summary>Ends when the adopted primary's agent leads, and keeps what the others need.</summary>
    public sealed record AwaitLeader(AdoptedHost Found, ImmutableArray<string> Slots)
        : HostStep(DeploymentStage.Lead, "wait until it leads");

    /// <summary>PostgreSQL's processes get into the agent's unit, as if that had started them.</summary>
    public sealed record EncloseServer(AdoptedHost Found, DeploymentStage Stage)
        : HostStep(Stage, $"put PostgreSQL into {SystemdUnits.Agent}");
}

/// <summary>What a refusal is about.</summary>
public enum RefusalKind
{
    Host,

    /// <summary>A running server cannot be adopted.</summary>
    Adoption,

    /// <summary>A running server can be adopted if it may be started anew.</summary>
    Restart,
}

/// <summary>Why nothing is done: one host is enough.</summary>
/// <param name="What">One clause for people.</param>
/// <param name="Next">What to do about it; empty when <paramref name="What"/> says it.</param>
public sealed record HostRefusal(string Host, string What, string Next = "")
{
    public RefusalKind Kind { get; init; }
}

/// <summary>What is done on one host, in order.</summary>
public sealed record HostPlan(HostBlueprint Host, ImmutableArray<HostStep> Steps)
{
    public IEnumerable<HostStep> In(DeploymentStage stage) => Steps.Where(step => step.Stage == stage);
}

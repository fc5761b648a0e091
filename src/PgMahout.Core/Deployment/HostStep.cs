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

    /// <summary>Agents, then whoever serves clients. The records of the cluster are written before.</summary>
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
    public sealed record MakeHome(string Title) : HostStep(DeploymentStage.Prepare, Title);

    public sealed record WriteUnits(ImmutableArray<DeployedFile> Files)
        : HostStep(DeploymentStage.Prepare, "write units");

    public sealed record OpenFirewall(HostFirewall Firewall, FirewallOpening Opening)
        : HostStep(DeploymentStage.Prepare, $"open the firewall ({FirewallScript.Name(Firewall)})");

    /// <summary>Stops a unit that is not wanted any more, and takes its file away.</summary>
    public sealed record RemoveUnit(string Unit) : HostStep(DeploymentStage.Prepare, $"remove {Unit}");

    /// <summary>Has a process read what was changed; PostgreSQL goes on.</summary>
    public sealed record Renew(string Unit) : HostStep(DeploymentStage.Prepare, $"start {Unit} anew");

    public sealed record Start(string Unit, DeploymentStage Stage) : HostStep(Stage, $"start {Unit}");
}

/// <summary>Why nothing is done: one host is enough.</summary>
/// <param name="What">One clause for people.</param>
/// <param name="Next">What to do about it; empty when <paramref name="What"/> says it.</param>
public sealed record HostRefusal(string Host, string What, string Next = "");

/// <summary>What is done on one host, in order.</summary>
public sealed record HostPlan(HostBlueprint Host, ImmutableArray<HostStep> Steps)
{
    public IEnumerable<HostStep> In(DeploymentStage stage) => Steps.Where(step => step.Stage == stage);
}

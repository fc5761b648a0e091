using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Operations;

/// <summary>
/// Changes who belongs to the cluster. The supervisor and the agents follow the specification in the store.
/// </summary>
internal static class MembershipCommand
{
    private static readonly TimeSpan HealthyLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);

    public static async Task<Ending> AddAsync(Invocation invocation, string? wanted, CopyOrigin from)
    {
        if (HostHome.Refuse(invocation.Home, "a member is added with its host", "pgmahout deploy add HOST") is { } no)
            return no;
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (!Next(cluster, wanted).TryGet(out var member, out failure))
            return failure;
        var spec = cluster.Spec with { Members = [.. cluster.Spec.Members.Add(member).OrderBy(one => one.Name)] };
        failure = await WhyNotFromAsync(cluster, from, invocation.Cancellation)
            ?? await PrepareAsync(cluster, spec, (member, from), invocation.Cancellation)
            ?? await ChangeAsync(cluster, spec, JournalKind.MemberAdded, $"{member.Name} was added", invocation);
        if (failure is not null)
            return failure;
        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        var ready = await new Readiness(observer, invocation.Screen).WaitAsync(HealthyLimit, invocation.Cancellation);
        if (!ready.TryGet(out var status, out failure))
            return failure;
        Done.Say(invocation.Screen, new Done(
            "member", spec.Name, $"{member.Name} was added on port {member.Port} and streams", status.Leader));
        return Ending.Ok;
    }

    public static async Task<Ending> RemoveAsync(Invocation invocation, string name)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (!cluster.Find(name).TryGet(out var member, out failure))
            return failure;
        if (cluster.Spec.Members.Length == 1)
            return new Failure(ErrorCatalogue.LastMember, $"{member.Name} is the only member")
                .Try("pgmahout down --destroy");
        if (member.Name == cluster.Leader)
            return Leads(member);
        var spec = cluster.Spec with { Members = cluster.Spec.Members.Remove(member) };
        failure = await ChangeAsync(cluster, spec, JournalKind.MemberRemoved, $"{member.Name} was removed", invocation);
        if (failure is not null)
            return failure;
        using var agent = new AgentClient(invocation.Home, member);
        await agent.RequestAsync(MemberRequest.Shutdown, AskLimit, invocation.Cancellation);
        HomeCreation.WriteSecrets(cluster.Home, spec, cluster.Records.Proxy?.Value);
        Done.Say(invocation.Screen, new Done(
            "member",
            spec.Name,
            $"{member.Name} was removed; its files stay in {cluster.Home.MemberDirectory(member.Name)}",
            cluster.Leader));
        return Ending.Ok;
    }

    /// <summary>For the next copy of a member that there is already.</summary>
    public static async Task<Failure?> ChooseOriginAsync(Invocation invocation, string name, CopyOrigin from)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (!cluster.Find(name).TryGet(out var member, out failure))
            return failure;
        if (!cluster.Home.Holds(member))
            return from == CopyOrigin.Auto
                ? null
                : new Failure(ErrorCatalogue.NotFromOneHost, $"{member.Name} is on another host")
                    .Because("where its next copy comes from is written down there")
                    .Leaving("nothing was changed")
                    .Try($"ssh {member.Host} pgmahout member reinit {member.Name} --from {from}");
        failure = await WhyNotFromAsync(cluster, from, invocation.Cancellation);
        if (failure is null)
            CopyOriginFile.Write(cluster.Home.CopyOriginFile(member.Name), from);
        return failure;
    }

    /// <summary>Whether a repository can give a copy is known for sure only then; what can be said now is.</summary>
    private static async Task<Failure?> WhyNotFromAsync(
        ClusterAccess cluster, CopyOrigin from, CancellationToken cancellation)
    {
        if (from != CopyOrigin.Repository)
            return null;
        // It shares the cluster, which its caller closes.
        var access = new BackupAccess(cluster);
        if (!(await access.LookAsync(null, cancellation)).TryGet(out var looked, out var failure))
            return failure;
        await using var closing = looked;
        return looked.Seen.LastBackup is not null
            ? null
            : new Failure(ErrorCatalogue.UnknownBackup, "no backup in the repository reaches the present")
                .Try("pgmahout backup now", "pgmahout member add --from primary");
    }

    public static Failure Leads(MemberSpec member) =>
        new Failure(ErrorCatalogue.MemberLeads, $"{member.Name} leads the cluster").Try("pgmahout switchover");

    private static Attempt<MemberSpec> Next(ClusterAccess cluster, string? wanted)
    {
        var taken = cluster.Spec.Members.Select(member => member.Name.Text).ToHashSet();
        var free = Enumerable.Range(1, int.MaxValue).Select(number => $"m{number}");
        var name = wanted ?? free.First(one => !taken.Contains(one));
        if (!MemberName.IsValid(name))
            return new Failure(ErrorCatalogue.Usage, $"'{name}' is not a member name")
                .Because("a name is a lower-case letter, then lower-case letters, digits or underscores");
        if (taken.Contains(name))
            return new Failure(ErrorCatalogue.MemberExists, $"{name} is a member already").Try("pgmahout member add");
        var ports = ListeningPorts.Read();
        var port = cluster.Spec.Members.Max(member => member.Port) + 1;
        while (ports.IsTaken(port))
            port++;
        return UpRequest.MemberFor(cluster.Home, new MemberName(name), port);
    }

    private static async Task<Failure?> PrepareAsync(
        ClusterAccess cluster, ClusterSpec spec, (MemberSpec Member, CopyOrigin From) added,
        CancellationToken cancellation)
    {
        var member = added.Member;
        if (!Preflight.FindHost().TryGet(out var host, out var missing))
            return missing;
        try
        {
            var plan = await HomeCreation.TuneAsync(cluster.Home, spec.Members.Length, host, cancellation);
            HomeCreation.MakeMember(cluster.Home, member, host.Account, plan);
            CopyOriginFile.Write(cluster.Home.CopyOriginFile(member.Name), added.From);
            return HomeCreation.WriteSecrets(cluster.Home, spec, cluster.Records.Proxy?.Value);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.CreationFailed, $"the directory of {member.Name} could not be made")
                .Because(failure.Message);
        }
    }

    private static async Task<Failure?> ChangeAsync(
        ClusterAccess cluster, ClusterSpec spec, JournalKind kind, string text, Invocation invocation)
    {
        var failure = await cluster.ChangeAsync(
            ClusterRecords.ChangeSpec(cluster.StoredSpec.Revision, spec),
            "changing the members",
            invocation.Cancellation);
        if (failure is null)
            await cluster.TellAsync(kind, null, $"{text} by {Environment.UserName}", invocation.Cancellation);
        return failure;
    }
}

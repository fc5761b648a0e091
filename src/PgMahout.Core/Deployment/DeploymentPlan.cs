using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Installation;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>
/// How hosts get from what they have to a running cluster: what was found × what is wanted. Pure. When any host
/// refuses, nothing is done on any.
/// </summary>
/// <param name="Refusals">Empty: it may be carried out.</param>
/// <param name="Notes">What the operator should know and nobody does for him.</param>
public sealed record DeploymentPlan(
    ImmutableArray<HostPlan> Hosts, ImmutableArray<HostRefusal> Refusals, ImmutableArray<string> Notes)
{
    /// <summary>Servers that run and become members; null: none.</summary>
    public AdoptionPlan? Adoption { get; init; }

    /// <summary>Every host is as it should be.</summary>
    public bool IsNothing => Refusals.IsEmpty && Hosts.All(host => host.Steps.IsEmpty);

    /// <summary>The same, where it is done only when hosts of another cluster can do their part.</summary>
    public DeploymentPlan Beside(DeploymentPlan other) => this with
    {
        Refusals = Refusals.AddRange(other.Refusals),
        Notes = Notes.AddRange(other.Notes),
    };

    public static DeploymentPlan For(DeploymentQuestion question)
    {
        var refusals = HostChecks.Refusals(question);
        if (!refusals.IsEmpty)
            return new DeploymentPlan([], refusals, []);
        var adoption = AdoptionPlan.For(question);
        var hosts = question.Looked
            .Select(looked => new HostPlan(looked.Host, Steps(question, adoption, looked.Host, looked.Survey)))
            .ToImmutableArray();
        var notes = HostNotes.On(question);
        return new DeploymentPlan(
            hosts, [], adoption is null ? notes : notes.AddRange(AdoptionNotes.On(question, adoption)))
        {
            Adoption = adoption,
        };
    }

    private static ImmutableArray<HostStep> Steps(
        DeploymentQuestion question, AdoptionPlan? adoption, HostBlueprint host, HostSurvey survey)
    {
        var goods = question.Goods.ForHosts[host.Name];
        var adopted = adoption?.Find(host) is { } found && !AdoptionPlan.IsSettled(found) ? found : null;
        var voting = VoterChange.Steps(question, host);
        return
        [
            .. Packages(question.Blueprint, host, survey),
            .. Programs(question.Goods, survey),
            .. Home(goods, survey, adopted is not null),
            .. TwinPlan.Files(question.Twin, goods, survey),
            .. Units(goods, survey),
            .. Unwanted(goods, survey),
            .. Renewed(goods, survey),
            // Again each time: rules may have been loaded anew, or a host have come that must be let in.
            .. question.OpensFirewall && survey.Firewall != HostFirewall.None
                ? [
                    new HostStep.OpenFirewall(
                        survey.Firewall, FirewallOpening.For(question.Blueprint, host, question.Twin)),
                ]
                : (ImmutableArray<HostStep>)[],
            .. voting,
            .. adopted is null ? [] : Adopting(question, adoption!, adopted),
            .. goods.Started
                .Where(unit => !IsStarted(unit, survey))
                // A new member of an etcd that runs is started when the others know of it.
                .Where(unit => unit != SystemdUnits.Etcd || voting.IsEmpty)
                .Where(unit => unit != SystemdUnits.Agent || adopted is null)
                .Select(unit => new HostStep.Start(
                    unit, unit == SystemdUnits.Etcd ? DeploymentStage.Store : DeploymentStage.Members)),
        ];
    }

    private static IEnumerable<HostStep> Adopting(
        DeploymentQuestion question, AdoptionPlan plan, AdoptedHost host)
    {
        var leads = host == plan.Primary;
        var stage = leads ? DeploymentStage.Lead : DeploymentStage.Members;
        yield return new HostStep.AdoptServer(host);
        yield return new HostStep.EndFormerKeeper(host);
        yield return new HostStep.Start(SystemdUnits.Agent, stage);
        if (leads)
            yield return new HostStep.AwaitLeader(host,
            [
                .. question.Blueprint.DataHosts.Where(other => other.Name != host.Host.Name)
                    .Select(other => new MemberName(other.Name).SlotName),
            ]);
        yield return new HostStep.EncloseServer(host, stage);
    }

    private static bool Runs(HostGoods goods, HostSurvey survey) =>
        goods.Started.All(unit => IsStarted(unit, survey));

    /// <summary>An archiver without a repository ends by itself, and comes with the next start of the host.</summary>
    private static bool IsStarted(string unit, HostSurvey survey) =>
        survey.EnabledUnits.Contains(unit) && (unit == SystemdUnits.Archiver || survey.ActiveUnits.Contains(unit));

    private static IEnumerable<HostStep> Packages(Blueprint blueprint, HostBlueprint host, HostSurvey survey)
    {
        var commands = ImmutableArray.CreateBuilder<InstallStep>();
        var names = new List<string>();
        if (host.Role == HostRole.Data && !HasServer(blueprint, survey))
        {
            names.Add(blueprint.Postgres is { } major
                ? string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {major}")
                : "PostgreSQL");
            commands.AddRange(InstallPlan.ServerPackages(blueprint.Postgres));
        }
        if (blueprint.RunsEtcd(host) && !survey.HasEtcd)
        {
            names.Add("etcd");
            commands.AddRange(InstallPlan.EtcdPackages(refreshed: commands.Count > 0));
        }
        if (names.Count > 0)
            yield return new HostStep.Install($"install {string.Join(" and ", names)}", commands.ToImmutable());
        if (!survey.HasAccount && (host.Role != HostRole.Data || HasServer(blueprint, survey)))
            yield return new HostStep.Install($"make the account {HostPaths.Account}", [InstallPlan.Account]);
    }

    private static bool HasServer(Blueprint blueprint, HostSurvey survey) =>
        blueprint.Postgres is { } major ? survey.Postgres.Contains(major) : !survey.Postgres.IsEmpty;

    private static IEnumerable<HostStep> Programs(DeploymentGoods goods, HostSurvey survey)
    {
        if (!survey.Runtimes.Any(version => Serves(version, goods.Runtime)))
            yield return new HostStep.CopyRuntime(goods.Runtime);
        // One that runs is not changed in passing: that is an upgrade, one host after the other.
        if (survey.Program is not null && !survey.ActiveUnits.IsEmpty)
            yield break;
        if (!survey.Programs.Contains(goods.Program))
            yield return new HostStep.CopyProgram(goods.Program);
        if (survey.Program != goods.Program)
            yield return new HostStep.Switch(goods.Program);
    }

    /// <summary>A runtime serves a program that was built with an older patch of the same release.</summary>
    public static bool Serves(string version, string wanted) =>
        Version.TryParse(version.Split('-')[0], out var has) && Version.TryParse(wanted.Split('-')[0], out var needs)
        && (has.Major, has.Minor) == (needs.Major, needs.Minor) && has >= needs;

    private static IEnumerable<HostStep> Home(HostGoods goods, HostSurvey survey, bool adopts)
    {
        if (IsChanged(goods, survey))
            yield return new HostStep.MakeHome(
                survey.HostFile == "" ? "make the home" : "change the home's settings", adopts);
        else if (goods.Certificates.Any(file => !file.IsAsWanted(survey)))
            yield return new HostStep.MakeHome("renew certificates");
        else if (goods.Secrets.Any(file => !file.IsAsWanted(survey)))
            yield return new HostStep.MakeHome("bring what the repository is entered with");
    }

    /// <summary>An address that the file does not have any more must not be taken by anybody.</summary>
    private static IEnumerable<HostStep> Unwanted(HostGoods goods, HostSurvey survey)
    {
        const string Unit = SystemdUnits.Address;
        var isThere = survey.Digests.ContainsKey($"{HostPaths.Units}/{Unit}") || survey.ActiveUnits.Contains(Unit);
        if (isThere && !goods.Started.Contains(Unit))
            yield return new HostStep.RemoveUnit(Unit);
    }

    /// <summary>
    /// The agent reads its home's settings when it begins, etcd whom it believes, and the archiver how it gets into the
    /// repository. (All others read that anew with each connection.)
    /// </summary>
    private static IEnumerable<HostStep> Renewed(HostGoods goods, HostSurvey survey)
    {
        const string Etcd = SystemdUnits.Etcd;
        var authorities = goods.Certificates.FirstOrDefault(file =>
            file.Path == HostPaths.CertificateFile("ca.crt"));
        if (goods.Started.Contains(Etcd) && survey.ActiveUnits.Contains(Etcd)
            && (survey.OutdatedUnits.Contains(Etcd) || authorities?.IsAsWanted(survey) == false))
            yield return new HostStep.Renew(Etcd);
        if (survey.ActiveUnits.Contains(SystemdUnits.Agent)
            && !HostDocument.IsSameToAgents(survey.HostFile, goods.HostFile))
            yield return new HostStep.Renew(SystemdUnits.Agent);
        if (survey.ActiveUnits.Contains(SystemdUnits.Archiver)
            && goods.Secrets.Any(file => survey.Digests.ContainsKey(file.Path) && !file.IsAsWanted(survey)))
            yield return new HostStep.Renew(SystemdUnits.Archiver);
    }

    private static bool IsChanged(HostGoods goods, HostSurvey survey) =>
        survey.HostFile.Trim() != goods.HostFile.Trim();

    private static IEnumerable<HostStep> Units(HostGoods goods, HostSurvey survey)
    {
        ImmutableArray<DeployedFile> changed = [.. goods.Units.Where(file => !file.IsAsWanted(survey))];
        if (!changed.IsEmpty)
            yield return new HostStep.WriteUnits(changed);
    }
}

/// <summary>All that a plan depends on.</summary>
/// <param name="Findings">By the host's name.</param>
/// <param name="OpensFirewall">The operator agreed that ports are opened.</param>
public sealed record DeploymentQuestion(
    Blueprint Blueprint,
    ImmutableSortedDictionary<string, HostFinding> Findings,
    DeploymentGoods Goods,
    bool OpensFirewall)
{
    /// <summary>Members of the etcd that runs on these hosts; null: none runs.</summary>
    public ImmutableArray<KnownVoter>? Voters { get; init; }

    /// <summary>The operator agreed that servers are started anew, one after the other.</summary>
    public bool MayRestart { get; init; }

    /// <summary>Hosts on which an etcd of this cluster runs now; none where somebody else looks after etcd.</summary>
    public IEnumerable<HostBlueprint> KeepingEtcd =>
        from looked in Looked
        where Blueprint.Etcd is EtcdBlueprint.On
            && looked.Survey.ActiveUnits.Contains(SystemdUnits.Etcd)
            && HostDocument.Read(looked.Survey.HostFile).Prefix == Blueprint.StorePrefix
        select looked.Host;

    /// <summary>The other cluster, when one of the two follows the other; null: there is none.</summary>
    public Blueprint? Twin { get; init; }

    /// <summary>Hosts that could be looked at, in the order in which they were written.</summary>
    public IEnumerable<(HostBlueprint Host, HostSurvey Survey)> Looked =>
        from host in Blueprint.Hosts
        let found = Findings.GetValueOrDefault(host.Name) as HostFinding.Found
        where found is not null
        select (host, found.Survey);
}

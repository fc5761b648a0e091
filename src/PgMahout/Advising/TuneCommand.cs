using System.Collections.Immutable;
using PgMahout.Agent.Guarding;
using PgMahout.CommandLine;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using PgMahout.Starting;
using PgMahout.Status;

namespace PgMahout.Advising;

/// <summary>
/// Looks at the machine, the server's programs and the cluster, asks the rules, and shows what they say.
/// </summary>
internal sealed class TuneCommand(Invocation invocation, AdviceRequest request)
{
    public async Task<Ending> RunAsync()
    {
        var (cluster, current, nowFrom) = await ReadClusterAsync();
        await using var closing = cluster;
        if (!LookAtMachine(cluster).TryGet(out var probe, out var failure))
            return failure;
        var server = await ProbeServerAsync(current);
        var question = new TuningQuestion(probe.Machine!, request.Workload)
        {
            Members = request.Members ?? (request.IsElsewhere ? 1 : cluster?.Spec.Members.Length ?? 1),
            Connections = request.Connections,
            Size = request.Size,
            Server = server.Features,
        };
        var plan = TuningPlan.For(request.Rules, question);
        if (await RefusalAsync(server.Programs, plan) is { } refused)
            return refused;
        var advice = new Advice(
            cluster?.Spec.Name, request.Rules, question, plan, probe.Evidence,
            [.. plan.Settings.Select(setting => Line(setting, current, question.Server.Major))],
            nowFrom, [.. plan.Notices, .. NoticesFor(plan, server)], EvidenceFrom(current, plan));
        if (request.Measure is { } measure)
            return server.Programs is { } programs
                ? await new MeasureCommand(invocation, advice, measure).RunAsync(programs.Binaries, programs.Account)
                : new Failure(ErrorCatalogue.MeasurementFailed, "there is nothing to measure with")
                    .Because(server.Unprobed!);
        if (request.Apply)
            return await new AdviceApplication(invocation).RunAsync(advice, request.DryRun);
        invocation.Screen.Data(AdviceText.Render(advice, request.Format, invocation.Screen.Paint));
        return Ending.Ok;
    }

    private sealed record Programs(PostgresBinaries Binaries, ServerAccount Account);

    private sealed record Server(ServerFeatures Features, Programs? Programs, string? Unprobed);

    private async Task<(ClusterAccess?, CurrentServer?, string)> ReadClusterAsync()
    {
        const string Defaults = "PostgreSQL's defaults";
        if (request.IsElsewhere || !File.Exists(invocation.Home.StoreFile))
            return (null, null, Defaults);
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return (null, null, $"{Defaults}: {failure.What}");
        var (current, why) = await CurrentServer.ReadAsync(cluster, invocation.Cancellation);
        return current is null
            ? (cluster, null, $"not known: {why}")
            : (cluster, current, $"the running {current.Member}");
    }

    private Attempt<MachineProbe> LookAtMachine(ClusterAccess? cluster)
    {
        var directory = HostMachine.NearestExisting(invocation.Home.Root);
        var wal = cluster is null ? null : WalOf(cluster);
        var isDescribed = request is { Memory: not null, Processors: not null, Storage: not null };
        var looked = isDescribed
            ? new MachineProbe(null, [])
            : MachineProbe.Look(OperatingSystem.IsLinux() && CanWrite(directory) ? directory : Path.GetTempPath(), wal);
        if ((request.Memory ?? looked.Machine?.Memory) is not { } memory)
            return new Failure(ErrorCatalogue.MachineUnknown, "the memory of this machine is not known")
                .Because(string.Join("; ", looked.Evidence.Select(one => $"{one.What}: {one.How}")))
                .Try("pgmahout tune --ram 4GB");
        var machine = new Machine(
            memory,
            request.Processors ?? looked.Machine!.Processors,
            request.Storage ?? looked.Machine!.Storage,
            request.IsElsewhere ? null : looked.Machine!.FreeDisk,
            request.IsElsewhere ? null : looked.Machine!.HugePages);
        return new MachineProbe(machine, [.. Shown(looked.Evidence)]);
    }

    /// <summary>What was asked for stands in the place of what was found.</summary>
    private IEnumerable<Looked> Shown(ImmutableArray<Looked> looked)
    {
        (string What, string? Asked)[] asked =
        [
            ("memory", request.Memory?.ToString()), ("processors", request.Processors?.ToString()),
            ("storage", request.Storage?.ToString()),
        ];
        foreach (var (what, given) in asked)
            if (given is not null)
                yield return new Looked(what, given, "as asked");
            else if (looked.FirstOrDefault(one => one.What == what) is { } found)
                yield return found;
        if (request.IsElsewhere)
            yield break;
        foreach (var other in looked.Where(one => asked.All(pair => pair.What != one.What)))
            yield return other;
    }

    private static string? WalOf(ClusterAccess cluster)
    {
        var own = cluster.Spec.Members.Select(member => cluster.Home.DataDirectory(member.Name) + "/pg_wal")
            .FirstOrDefault(Directory.Exists);
        return own is null ? null : new DirectoryInfo(own).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? own;
    }

    private static bool CanWrite(string directory)
    {
        try
        {
            var probe = Path.Combine(directory, $".pgmahout-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// The programs of the version that is asked about, if they are here, say what their build takes.
    /// </summary>
    private async Task<Server> ProbeServerAsync(CurrentServer? current)
    {
        var wanted = request.Major ?? current?.Major;
        var found = PostgresBinaries.Find(Environment.GetEnvironmentVariable(Guard.BinariesVariable));
        if (!found.TryGet(out var binaries))
            return Unprobed(wanted ?? ServerSettings.Newest, "no PostgreSQL is installed here");
        if (wanted is { } major && major != binaries.Major)
            return Unprobed(major, $"the PostgreSQL that is installed here is {binaries.Version}");
        if (!ServerAccount.Find().TryGet(out var account))
            return Unprobed(binaries.Major, "there is no account to run its program as");
        var features = await ServerProbe.FeaturesAsync(binaries, account, invocation.Cancellation);
        return new Server(features, new Programs(binaries, account), null);
    }

    private static Server Unprobed(int major, string why) => new(ServerFeatures.Of(major), null, why);

    /// <summary>Advice that this machine's own server would not start with is never shown.</summary>
    private async Task<Failure?> RefusalAsync(Programs? programs, TuningPlan plan)
    {
        if (programs is null || request.Rules == TuningRules.Pgtune)
            return null;
        var complaint = await ServerProbe.ComplaintAsync(
            programs.Binaries, programs.Account, plan.Values, invocation.Cancellation);
        return complaint is null
            ? null
            : new Failure(ErrorCatalogue.AdviceRefused, "the server's program refuses the advice").Because(complaint);
    }

    private AdviceLine Line(TuningSetting setting, CurrentServer? current, int major)
    {
        var known = ServerSettings.Find(setting.Name, major);
        var isRunning = current is not null && current.Major == major;
        var now = isRunning ? current!.Values.GetValueOrDefault(setting.Name)
            : request.IsElsewhere || !File.Exists(invocation.Home.StoreFile) ? known?.Default
            : null;
        return new AdviceLine(now, setting, known?.Effect);
    }

    private IEnumerable<string> NoticesFor(TuningPlan plan, Server server)
    {
        if (server.Unprobed is { } why)
            yield return $"what the build of version {server.Features.Major} has was not probed: {why}";
        if (request.Rules == TuningRules.Pgtune && plan.Values.ContainsKey("wal_level"))
            yield return "wal_level = minimal and max_wal_senders = 0 switch replication off: never applied";
        if (request.Rules == TuningRules.Pgtune && plan.Settings.Any(setting =>
            !ServerSettings.Takes(server.Features, setting.Name, setting.Value)))
            yield return "a value here was not seen to be in the server's build; a server that lacks it does not start";
    }

    private static ImmutableArray<EvidenceFinding> EvidenceFrom(CurrentServer? current, TuningPlan plan)
    {
        if (current is not { Evidence: { } evidence, Values: var values })
            return [];
        var settings = new EvidenceSettings(
            Size(values, "max_wal_size"), Size(values, "work_mem"), Count(values, "max_connections"),
            Count(values, "autovacuum_max_workers"), Count(values, "autovacuum_vacuum_cost_limit"));
        ByteSize? most = plan.Part.FreeDisk is { } free ? new ByteSize(free.Bytes / 8) : null;
        return EvidenceRules.Judge(evidence, settings, most);
    }

    private static ByteSize Size(ImmutableSortedDictionary<string, string> values, string name) =>
        ByteSize.Kilobytes(MemoryText.Kilobytes(values[name]) ?? 0);

    private static int Count(ImmutableSortedDictionary<string, string> values, string name) =>
        int.Parse(values[name], null);
}

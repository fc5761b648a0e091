using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Access;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>Why servers cannot be adopted as they are: everything at once, for all hosts.</summary>
public static class AdoptionChecks
{
    private const string Streams = "streaming";

    // The servers are looked at within some seconds, not at one moment.
    private static readonly ByteSize Near = ByteSize.Megabytes(64);

    private static readonly string[] Everywhere = ["*", "0.0.0.0", "::"];

    public static ImmutableArray<HostRefusal> Refusals(DeploymentQuestion question)
    {
        var hosts = AdoptionPlan.Of(question);
        if (hosts.All(AdoptionPlan.IsSettled))
            return [];
        var refusals = ImmutableArray.CreateBuilder<HostRefusal>();
        foreach (var host in hosts)
            refusals.AddRange(On(question, host));
        // What the servers are to each other is only known of servers that answer.
        if (refusals.Count == 0)
            refusals.AddRange(Together(question, hosts));
        if (refusals.Count == 0 && !question.MayRestart)
            refusals.AddRange(
                from host in hosts
                let why = string.Join(", ", WhyRestart(host))
                where why != ""
                select new HostRefusal(
                    host.Host.Name, $"its server would have to be started anew, for {why}",
                    "--allow-restart: standbys first, then a switchover")
                {
                    Kind = RefusalKind.Restart,
                });
        return refusals.ToImmutable();
    }

    /// <summary>Settings that only a start changes, and without which a member is less than it should be.</summary>
    public static IEnumerable<string> WhyRestart(AdoptedHost host)
    {
        var survey = host.Survey;
        if (survey.Setting("wal_log_hints") != "on" && survey.Setting("data_checksums") != "on")
            yield return "wal_log_hints = on (without it and without checksums a former primary cannot be rewound)";
        if (survey.Setting("recovery_target_timeline") is not ("" or "latest"))
            yield return "recovery_target_timeline = latest (it would not follow a promotion)";
        if (survey.IsStandby && !Listens(host))
            yield return $"listen_addresses (it does not listen on {host.Host.Address})";
    }

    private static IEnumerable<HostRefusal> On(DeploymentQuestion question, AdoptedHost host)
    {
        var (survey, wish) = (host.Survey, host.Host.Adopt!);
        if (survey.Data == "")
            return [Refuse(host, $"there is no directory {wish.Data}", "adopt: { data: ... }, or adopt: false for it")];
        if (survey.Major == 0)
            return [Refuse(host, $"{survey.Data} is not a data directory of PostgreSQL (no PG_VERSION)")];
        if (survey.Postmaster == 0)
            return [Refuse(host, $"no server runs on {survey.Data}", "start it; only a running server is adopted")];
        return [.. Files(question, host), .. survey.Complaint is null ? Server(question, host) : [Mute(host)]];
    }

    private static HostRefusal Mute(AdoptedHost host) => Refuse(
        host,
        $"its server does not let {HostPaths.Account} in as superuser through {host.Survey.SocketDirectory}: "
        + host.Survey.Complaint,
        "local all postgres peer    (as the first line of its pg_hba.conf, and a reload)");

    private static IEnumerable<HostRefusal> Files(DeploymentQuestion question, AdoptedHost host)
    {
        var survey = host.Survey;
        var wanted = question.Blueprint.Postgres ?? host.Seen.Postgres.LastOrDefault();
        if (survey.Major is < BlueprintReader.OldestPostgres or > BlueprintReader.NewestPostgres)
            yield return Refuse(host, Invariant($"its server is of version {survey.Major}, which is not supported"),
                Invariant($"versions {BlueprintReader.OldestPostgres} to {BlueprintReader.NewestPostgres}"));
        else if (survey.Major != wanted)
            yield return Refuse(
                host, Invariant($"its server is of version {survey.Major}, and members would be of {wanted}"),
                Invariant($"postgres: {survey.Major}"));
        string?[] words =
        [
            survey.Data, survey.DebianDirectory, survey.Unit, survey.SocketDirectory, survey.Setting("config_file"),
            survey.Setting("hba_file"), survey.Setting("ident_file"), survey.Setting("external_pid_file"),
            survey.ReceiverSlot,
        ];
        // They become words of root's shell.
        foreach (var odd in words.Where(word => word is not null && !word.All(IsPlain)))
            yield return Refuse(host, $"the name {odd} is of more than letters, digits, and / . _ + - @ :");
        if (survey.Owner != HostPaths.Account)
            yield return Refuse(
                host, $"{survey.Data} belongs to {survey.Owner}; members run as {HostPaths.Account}");
        if (survey.Data.StartsWith("/home/", StringComparison.Ordinal)
            || survey.Data.StartsWith("/root/", StringComparison.Ordinal))
            yield return Refuse(host, $"{survey.Data} is in somebody's home, where no unit of ours writes");
        if (survey.IsMountPoint)
            yield return Refuse(
                host, $"{survey.Data} is a file system of its own, which a copy could not take the place of",
                "a directory in that file system as the data directory");
        else if (!survey.HasRoomBeside)
            yield return Refuse(
                host, $"{HostPaths.Account} may not write beside {survey.Data}, where a copy of it would be made",
                $"chown {HostPaths.Account} {Parent(survey.Data)}");
    }

    private static IEnumerable<HostRefusal> Server(DeploymentQuestion question, AdoptedHost host)
    {
        var survey = host.Survey;
        var port = question.Blueprint.Ports.Postgres;
        if (survey.Number("port") != port)
            yield return Refuse(
                host, Invariant($"its server has port {survey.Number("port")}, and members would have {port}"),
                Invariant($"ports: {{ postgres: {survey.Number("port")} }}"));
        if (!survey.IsStandby && !Listens(host))
            yield return Refuse(
                host, $"its server does not listen on {host.Host.Address} but on {survey.Setting("listen_addresses")}",
                "listen_addresses = '*', and a restart at a time of your choice");
        if (survey.Setting("ssl_ca_file") != "")
            yield return Refuse(
                host,
                $"ssl_ca_file is {survey.Setting("ssl_ca_file")}: members would not take each other's certificates",
                "alter system set ssl_ca_file = ''; and a reload, where no client proves itself by a certificate");
        if (survey.Number("recovery_min_apply_delay") > 0)
            yield return Refuse(
                host, "recovery_min_apply_delay is set: it could not take over in time",
                "adopt: false and another host for the delayed copy, or no delay");
        var others = question.Blueprint.DataHosts.Count() - 1;
        foreach (var (name, needed) in new[]
        {
            ("max_wal_senders", others + 2),
            ("max_replication_slots", others + 1 + survey.Slots.Keys.Count(slot => !IsOurs(slot))),
        })
            if (survey.Number(name) < needed)
                yield return Refuse(
                    host, Invariant($"{name} is {survey.Number(name)}, and {needed} are needed"),
                    Invariant($"{name} = {Math.Max(16, needed)}, and a restart at a time of your choice"));
        if (survey.Setting("wal_level") == "minimal")
            yield return Refuse(
                host, "wal_level is minimal: nobody can follow it", "wal_level = replica, and a restart");
        if (!survey.IsStandby && survey.HasPassword && !survey.IsPrepared
            && host.Host.Adopt!.Password == FormerPassword.None)
            yield return Refuse(
                host, "the role postgres has a password, which programs may use, and pgmahout needs to know it",
                $"write it into {question.Blueprint.Cluster}.secrets/superuser.password and say password: keep; or "
                + "password: replace");
    }

    private static IEnumerable<HostRefusal> Together(DeploymentQuestion question, ImmutableArray<AdoptedHost> hosts)
    {
        var primaries = hosts.Where(host => !host.Survey.IsStandby).ToArray();
        if (primaries.Length != 1)
        {
            yield return primaries.Length == 0
                ? Refuse(hosts[0], "no host of these has the primary: all servers are in recovery",
                    "the host of the primary in hosts")
                : Refuse(primaries[^1], $"{primaries.Length} servers are primaries: "
                    + string.Join(", ", primaries.Select(host => host.Host.Name)),
                    "one primary, and standbys that stream from it; adopt: false where there is none of them");
            yield break;
        }
        foreach (var standby in hosts.Where(host => host.Survey.IsStandby))
            if (WhyNotStandby(standby, primaries[0]) is { } why)
                yield return Refuse(
                    standby, why, $"a standby that streams from {primaries[0].Host.Name}, or adopt: false");
    }

    private static string? WhyNotStandby(AdoptedHost standby, AdoptedHost primary)
    {
        var (its, leads) = (standby.Survey, primary.Survey);
        var from = primary.Host.Name;
        if (its.SystemIdentifier != leads.SystemIdentifier)
            return Invariant($"its data is of another cluster: system identifier {its.SystemIdentifier}, and ")
                + Invariant($"{leads.SystemIdentifier} on {from}");
        if (its.Major != leads.Major)
            return Invariant($"its server is of version {its.Major}, and of {leads.Major} on {from}");
        if (!its.IsStreaming)
            return $"its server is a standby and receives nothing from {from}";
        if (its.Timeline != leads.Timeline)
            return Invariant($"its server is on timeline {its.Timeline}, and {from} on {leads.Timeline}");
        if (!leads.Senders.Any(sender => sender.State == Streams && IsOf(standby.Seen, sender.Address)))
            return $"its server streams from another one than {from}";
        var behind = new ByteSize(Math.Max(0, leads.Position - its.Position));
        return behind.Bytes > Near.Bytes
            ? $"its server is {behind} behind {from}; {Near} are allowed"
            : null;
    }

    internal static bool IsOf(HostSurvey host, string address) =>
        IpAddress.Parse(address) is { } known && host.Addresses.Any(own => IpAddress.Parse(own) == known);

    private static bool Listens(AdoptedHost host) => host.Survey.Setting("listen_addresses")
        .Split(',', StringSplitOptions.TrimEntries)
        .Any(address => Everywhere.Contains(address) || address == host.Host.Address);

    private static bool IsPlain(char c) =>
        char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '+' or '-' or '@' or ':';

    private static bool IsOurs(string slot) => slot.StartsWith("pgmahout_", StringComparison.Ordinal);

    private static string Parent(string path) => path[..Math.Max(1, path.LastIndexOf('/'))];

    private static HostRefusal Refuse(AdoptedHost host, string what, string next = "") =>
        new(host.Host.Name, what, next) { Kind = RefusalKind.Adoption };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

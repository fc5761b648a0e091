using System.Collections.Immutable;
using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Starting;

namespace PgMahout.Verbs;

internal static class UpVerb
{
    public static readonly Option<int?> Members = new("--members")
    {
        Description =
            $"How many PostgreSQL servers, 1 to {UpRequest.MostMembers} (default {UpRequest.DefaultMembers}).",
        HelpName = "N",
    };

    public static readonly Option<int?> Port = new("--port")
    {
        Description = $"TCP port of the first member; the others take the next ones (default {UpRequest.DefaultPort}).",
        HelpName = "P",
    };

    public static readonly Option<Durability?> Durability = new("--durability")
    {
        Description = "quorum (default): a commit is on two members, on one alone if no standby is left; "
            + "strict: always on two; async: on one.",
        HelpName = "quorum|strict|async",
    };

    public static readonly Option<TimeSpan?> Rto = new("--rto")
    {
        Description = "How long the service may be down when the primary's host dies (default 3s).",
        HelpName = "3s",
        CustomParser = Durations.Parse,
    };

    public static readonly Option<string?> Name = new("--name")
    {
        Description = $"The cluster's name (default {UpRequest.DefaultName}).",
        HelpName = "NAME",
    };

    private static readonly Option<string?> Sites = new("--sites")
    {
        Description = "Where each member stands, as many names as members: standbys of a site stream from one of them.",
        HelpName = "a,a,a,b,b",
    };

    public static readonly Option<string?> Repository = new("--repository")
    {
        Description = "Where WAL and backups go (default: a directory in the home; none: nowhere).",
        HelpName = "DIR|s3://BUCKET/PREFIX|none",
    };

    public static readonly Option<int?> ProxyPort = new("--proxy-port")
    {
        Description = "TCP port of the one address for clients; the next one is for reads (default: --port and 8).",
        HelpName = "P",
    };

    public static readonly Option<bool> NoProxy =
        new("--no-proxy") { Description = "No proxy: clients are given every member's address." };

    private static readonly Option<bool> Detach =
        new("--detach", "-d") { Description = "Return once the cluster is healthy, instead of showing it." };

    private static readonly Option<TimeSpan?> Timeout = new("--timeout")
    {
        Description = "How long to wait for a healthy cluster (default 2m).",
        HelpName = "2m",
        CustomParser = Durations.Parse,
    };

    public static Command Build(CommonOptions common)
    {
        var command = new Command("up", "Bring a cluster up: create it, or start what is not running.")
        {
            Members, Port, Durability, Rto, Name, Sites, Repository, ProxyPort, NoProxy, Detach, Timeout,
            RepoVerb.Endpoint, RepoVerb.Region, RepoVerb.Credentials,
        };
        command.Validators.Add(result =>
        {
            if (result.Peek(Members) is < 1 or > UpRequest.MostMembers)
                result.AddError($"--members lies between 1 and {UpRequest.MostMembers}");
            if (result.Peek(Port) is < 1 or > 65535)
                result.AddError("--port lies between 1 and 65535");
            if (result.Peek(ProxyPort) is < 1 or > 65534)
                result.AddError("--proxy-port lies between 1 and 65534");
            if (result.Peek(ProxyPort) is not null && result.Peek(NoProxy))
                result.AddError("--proxy-port and --no-proxy contradict each other");
            if (result.Peek(Name) is { } name && !ClusterName.IsValid(name))
                result.AddError($"'{name}' is not a cluster name: {ClusterName.Rule}");
            if (result.Peek(Rto) is { } rto && (rto < Timing.Shortest || rto > Timing.Longest))
                result.AddError("--rto lies between 1s and 5m");
            var members = result.Peek(Members) ?? UpRequest.DefaultMembers;
            if (result.Peek(Sites) is { } sites
                && (SitesOf(sites).Length != members || SitesOf(sites).Any(string.IsNullOrWhiteSpace)))
                result.AddError($"--sites takes one name for each of the {members} members, such as a,a,b");
        });
        common.Bind(command, (parse, invocation) =>
            new UpCommand(invocation, Request(parse), parse.GetValue(Detach), parse.GetValue(Timeout)).RunAsync());
        return command;
    }

    private static ImmutableArray<string> SitesOf(string text) => [.. text.Split(',').Select(name => name.Trim())];

    private static UpRequest Request(ParseResult parse) => new(
        parse.GetValue(Members),
        parse.GetValue(Port),
        parse.GetValue(Durability),
        parse.GetValue(Rto),
        parse.GetValue(Name))
    {
        Sites = parse.GetValue(Sites) is { } sites ? SitesOf(sites) : default,
        Repository = parse.GetValue(Repository) is { } place and not NewRepository.Nowhere
            ? RepoVerb.Absolute(place)
            : parse.GetValue(Repository),
        RepositoryOptions = RepoVerb.OptionsOf(parse),
        ProxyPort = parse.GetValue(NoProxy) ? 0 : parse.GetValue(ProxyPort),
    };
}

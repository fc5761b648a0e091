using System.Collections.Immutable;
using PgMahout.Core.Access;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>A host with the places of what was said of it.</summary>
internal sealed record WrittenHost(HostBlueprint Host, MapReader Keys);

/// <summary>The list of hosts.</summary>
internal sealed class HostReader(FindingList findings)
{
    private readonly AdoptionReader _adoption = new(findings);
    private const int HighestPriority = 1000;
    private const string Expected = "a list of { name: NAME, address: ADDRESS }";
    private const string NameRule = "a lower-case letter, then up to 39 lower-case letters, digits or underscores";

    public ImmutableArray<WrittenHost> Read(MapReader keys)
    {
        if (keys.Node("hosts") is null)
            findings.Error(keys.At, "'hosts' is missing", Expected);
        else if (keys.Node("hosts") is not DocumentNode.List { Items.Length: > 0 })
            findings.Error(keys.MarkOf("hosts"), "'hosts' is not a list of hosts", Expected);
        if (keys.Node("hosts") is not DocumentNode.List list)
            return [];
        foreach (var odd in list.Items.Where(item => item is not DocumentNode.Map))
            findings.Error(odd.At, "this is not a host", "{ name: NAME, address: ADDRESS }");
        var adoption = _adoption.ForAll(keys);
        ImmutableArray<WrittenHost> hosts =
            [.. list.Items.OfType<DocumentNode.Map>().Select(map => Host(map, adoption))];
        Unique(hosts, "name", host => host.Name);
        Unique(hosts, "address", host => Numeric(host.Address)?.ToString() ?? "");
        return hosts;
    }

    /// <summary>Tells when there is no host of this name.</summary>
    public void Known(DocumentNode.Scalar name, Blueprint blueprint)
    {
        var names = blueprint.Hosts.Select(host => host.Name).ToArray();
        if (!names.Contains(name.Text))
            findings.Error(
                name.At, $"there is no host '{name.Text}'{Spelling.Hint(name.Text, names)}",
                $"hosts: {MapReader.List(names)}");
    }

    /// <summary>An address as it is usually written, in numbers; null for anything else.</summary>
    public static IpAddress? Numeric(string text) =>
        IpAddress.Parse(text) is { } address && !text.Contains('%', StringComparison.Ordinal)
        && (address.Family == IpFamily.V6 || address.ToString() == text)
            ? address
            : null;

    private WrittenHost Host(DocumentNode.Map map, AdoptionBlueprint? adoption)
    {
        var keys = new MapReader(map, "a host", findings, "name", "address", "site", "role", "priority", "adopt");
        var name = keys.Required("name", $"the host's name: {NameRule}") ?? "";
        if (name != "" && !MemberName.IsValid(name))
            findings.Error(keys.MarkOf("name"), $"'{name}' cannot be a member's name{Corrected(name)}", NameRule);
        var role = keys.Word("role", ("data", HostRole.Data), ("witness", HostRole.Witness)) ?? HostRole.Data;
        var priority = keys.Number("priority", 0, HighestPriority);
        if (role == HostRole.Witness && priority is not null)
            findings.Error(keys.MarkOf("priority"), "a witness holds no data, so it has no priority");
        var site = keys.Text("site", "a word for the place where it stands");
        return new WrittenHost(
            new HostBlueprint(name, Address(keys), role, site, priority ?? 100)
            {
                Adopt = _adoption.ForHost(keys, role, adoption),
            },
            keys);
    }

    private string Address(MapReader keys)
    {
        const string Rule =
            "an address in numbers, such as 10.0.0.1: a cluster that needs names needs who resolves them";
        var text = keys.Required("address", Rule) ?? "";
        if (text == "")
            return text;
        if (Numeric(text) is not { } address)
            findings.Error(keys.MarkOf("address"), $"'{text}' is not an address", Rule);
        else if (Nowhere.Any(range => IpRange.Parse(range)!.Value.Covers(IpRange.Single(address))))
            findings.Error(
                keys.MarkOf("address"), $"{text} is not an address at which other hosts find this one",
                "not loopback, link-local, multicast or 0.0.0.0");
        return text;
    }

    private static readonly string[] Nowhere =
        ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8"];

    private void Unique(ImmutableArray<WrittenHost> hosts, string key, Func<HostBlueprint, string> value)
    {
        foreach (var same in hosts.Where(host => value(host.Host) != "").GroupBy(host => value(host.Host)))
            foreach (var twice in same.Skip(1))
                findings.Error(
                    twice.Keys.MarkOf(key),
                    $"{same.Key} is the {key} of two hosts; the first is in line {same.First().Keys.MarkOf(key).Line}");
    }

    private static string Corrected(string name)
    {
        var better = name.ToLowerInvariant().Replace('-', '_').Replace('.', '_');
        return MemberName.IsValid(better) ? $"; '{better}' could" : "";
    }
}

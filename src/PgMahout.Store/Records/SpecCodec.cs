using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

internal static class SpecCodec
{
    public static string Encode(ClusterSpec spec) => RecordText.Encode(json =>
    {
        json.WriteString("name", spec.Name);
        json.WriteString("durability", Word(spec.Durability));
        json.WriteNumber("rtoSeconds", (decimal)spec.Timing.Ttl.Ticks / TimeSpan.TicksPerSecond);
        json.WriteNumber("maximumLagBytes", spec.MaximumLag.Bytes);
        json.WriteStartArray("members");
        foreach (var member in spec.Members)
            Write(json, member);
        json.WriteEndArray();
        if (spec.Cascade != Cascade.Off)
            json.WriteString("cascade", Word(spec.Cascade));
    });

    public static ClusterSpec Decode(RecordFields fields) => new(
        fields.Text("name"),
        Members(fields),
        Durability(fields),
        Timing(fields),
        new ByteSize(fields.Number("maximumLagBytes")))
    {
        Cascade = Cascading(fields),
    };

    private static void Write(Utf8JsonWriter json, MemberSpec member)
    {
        json.WriteStartObject();
        json.WriteString("name", member.Name.Text);
        json.WriteString("host", member.Host);
        json.WriteNumber("port", member.Port);
        json.WriteString("api", member.Api);
        json.WriteNumber("priority", member.Priority);
        if (member.Site is { } site)
            json.WriteString("site", site);
        json.WriteEndObject();
    }

    private static ImmutableArray<MemberSpec> Members(RecordFields fields)
    {
        ImmutableArray<MemberSpec> members =
            [.. fields.Objects("members").Select(Member).OrderBy(member => member.Name)];
        if (members.IsEmpty)
            throw fields.Fault("members", "is empty");
        return members.DistinctBy(member => member.Name).Count() == members.Length
            ? members
            : throw fields.Fault("members", "names one member twice");
    }

    private static MemberSpec Member(RecordFields fields) => new(
        fields.Member("name"),
        fields.Text("host"),
        (int)fields.Number("port", 1, 65535),
        fields.Text("api"),
        (int)fields.Number("priority", 0, int.MaxValue))
    {
        Site = fields.TextOrNull("site"),
    };

    private static Timing Timing(RecordFields fields)
    {
        var rto = fields.Seconds("rtoSeconds");
        var (shortest, longest) = (Core.Cluster.Timing.Shortest, Core.Cluster.Timing.Longest);
        return rto >= shortest && rto <= longest
            ? new Timing(rto)
            : throw fields.Fault("rtoSeconds", $"is out of range: it lies between {shortest} and {longest}");
    }

    private static string Word(Cascade cascade) => cascade switch
    {
        Cascade.Off => "off",
        Cascade.BySite => "by-site",
    };

    private static Cascade Cascading(RecordFields fields) => fields.TextOrNull("cascade") switch
    {
        null or "off" => Cascade.Off,
        "by-site" => Cascade.BySite,
        var other => throw fields.Fault("cascade", $"is '{other}', none of off, by-site"),
    };

    private static string Word(Durability durability) => durability switch
    {
        Core.Cluster.Durability.Quorum => "quorum",
        Core.Cluster.Durability.Strict => "strict",
        Core.Cluster.Durability.Async => "async",
    };

    private static Durability Durability(RecordFields fields) => fields.Text("durability") switch
    {
        "quorum" => Core.Cluster.Durability.Quorum,
        "strict" => Core.Cluster.Durability.Strict,
        "async" => Core.Cluster.Durability.Async,
        var other => throw fields.Fault("durability", $"is '{other}', none of quorum, strict, async"),
    };
}

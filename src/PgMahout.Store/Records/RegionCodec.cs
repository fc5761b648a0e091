using System.Text.Json;
using PgMahout.Core.Cluster;

namespace PgMahout.Store.Records;

internal static class RegionCodec
{
    public static string Encode(Region region) => RecordText.Encode(json =>
    {
        json.WriteNumber("term", region.Term);
        json.WriteString("role", Word(region.Role));
        json.WriteBoolean("first", region.Side == RegionSide.First);
        if (region.Mark is { } mark)
            json.WritePosition("mark", mark);
        json.WriteStartObject("twin");
        json.WriteString("name", region.Twin.Name);
        if (region.Twin.Home is { } home)
            json.WriteString("home", home);
        json.WriteStartArray("servers");
        foreach (var server in region.Twin.Servers)
            Write(json, server);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static Region Decode(RecordFields fields)
    {
        var twin = fields.Object("twin");
        return new Region(
            fields.Number("term", 1),
            Role(fields),
            fields.Flag("first") ? RegionSide.First : RegionSide.Second,
            new RegionTwin(twin.Text("name"), [.. twin.Objects("servers").Select(Server)], twin.TextOrNull("home")))
        {
            Mark = fields.ObjectOrNull("mark")?.Position(),
        };
    }

    private static void Write(Utf8JsonWriter json, RegionServer server)
    {
        json.WriteStartObject();
        json.WriteString("host", server.Host);
        json.WriteNumber("port", server.Port);
        json.WriteEndObject();
    }

    private static RegionServer Server(RecordFields fields) =>
        new(fields.Text("host"), (int)fields.Number("port", 1, 65535));

    private static string Word(RegionRole role) => role switch
    {
        RegionRole.Leads => "leads",
        RegionRole.Yields => "yields",
        RegionRole.Yielded => "yielded",
        RegionRole.Follows => "follows",
    };

    private static RegionRole Role(RecordFields fields) => fields.Text("role") switch
    {
        "leads" => RegionRole.Leads,
        "yields" => RegionRole.Yields,
        "yielded" => RegionRole.Yielded,
        "follows" => RegionRole.Follows,
        var other => throw fields.Fault("role", $"is '{other}', none of leads, yields, yielded, follows"),
    };
}

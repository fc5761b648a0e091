using System.Text.Json;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

internal static class ConfigurationCodec
{
    public static string Encode(ConfigurationState state) => RecordText.Encode(json =>
    {
        json.WriteNumber("lastNumber", state.LastNumber);
        json.WritePropertyName("current");
        Write(json, state.Current);
        if (state.Draft is { } draft)
        {
            json.WritePropertyName("draft");
            json.WriteStartObject();
            Write(json, draft);
            json.WriteEndObject();
        }
        if (state.Rollout is { } rollout)
        {
            json.WritePropertyName("rollout");
            json.WriteStartObject();
            json.WritePropertyName("candidate");
            Write(json, rollout.Candidate);
            json.WriteStartArray("members");
            foreach (var member in rollout.Members)
                json.WriteStringValue(member.Text);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    });

    public static string EncodeVersion(ConfigurationVersion version) =>
        RecordText.Encode(json => WriteFields(json, version));

    public static ConfigurationState Decode(RecordFields fields) => new(
        Version(fields.Object("current")),
        fields.ObjectOrNull("draft") is { } draft ? Desired(draft) : null,
        fields.ObjectOrNull("rollout") is { } rollout
            ? new Rollout(Version(rollout.Object("candidate")), [.. rollout.Members("members")])
            : null,
        fields.Number("lastNumber"));

    public static ConfigurationVersion Version(RecordFields fields) => new(
        fields.Number("number"),
        fields.Moment("at"),
        fields.Text("by"),
        fields.TextOrNull("reason"),
        Desired(fields));

    private static void Write(Utf8JsonWriter json, ConfigurationVersion version)
    {
        json.WriteStartObject();
        WriteFields(json, version);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, ConfigurationVersion version)
    {
        json.WriteNumber("number", version.Number);
        json.WriteString("at", version.At.UtcDateTime);
        json.WriteString("by", version.By);
        if (version.Reason is { } reason)
            json.WriteString("reason", reason);
        Write(json, version.Desired);
    }

    private static void Write(Utf8JsonWriter json, DesiredConfiguration desired)
    {
        json.WriteStartArray("settings");
        foreach (var setting in desired.Settings)
            Write(json, setting, null);
        foreach (var (member, own) in desired.Overrides)
            foreach (var setting in own)
                Write(json, setting, member);
        json.WriteEndArray();
        json.WriteStartArray("accessRules");
        foreach (var rule in desired.AccessRules)
            json.WriteStringValue(rule);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, KeyValuePair<string, string> setting, MemberName? member)
    {
        json.WriteStartObject();
        json.WriteString("name", setting.Key);
        json.WriteString("value", setting.Value);
        if (member is { } one)
            json.WriteString("member", one.Text);
        json.WriteEndObject();
    }

    private static DesiredConfiguration Desired(RecordFields fields)
    {
        var desired = DesiredConfiguration.Empty with { AccessRules = [.. fields.Texts("accessRules")] };
        foreach (var setting in fields.Objects("settings"))
            desired = desired.With(setting.Text("name"), setting.Text("value"), setting.MemberOrNull("member"));
        return desired;
    }
}

using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

/// <summary>An entry of the journal where it is a record: its number is in its key.</summary>
internal static class JournalCodec
{
    public static string Encode(JournalEntry entry) => RecordText.Encode(json =>
    {
        json.WriteString("at", entry.At.UtcDateTime);
        if (entry.Member is { } member)
            json.WriteString("member", member.Text);
        json.WriteString("kind", entry.Kind.ToString());
        json.WriteNumber("epoch", entry.Epoch.Value);
        if (entry.Timeline is { } timeline)
            json.WriteNumber("timeline", timeline.Value);
        json.WriteString("text", entry.Text);
        if (entry.Details is { } details)
            json.WriteString("details", details);
    });

    public static JournalEntry Decode(long sequence, string json) =>
        RecordFields.Decode($"journal/{sequence}", json, fields => new JournalEntry(
            sequence,
            fields.Moment("at"),
            fields.MemberOrNull("member"),
            Kind(fields),
            new Epoch(fields.Number("epoch")),
            fields.NumberOrNull("timeline") is { } timeline ? new TimelineId((uint)timeline) : null,
            fields.Text("text"),
            fields.TextOrNull("details")));

    private static JournalKind Kind(RecordFields fields) =>
        Enum.TryParse<JournalKind>(fields.Text("kind"), out var kind) && Enum.IsDefined(kind)
            ? kind
            : throw fields.Fault("kind", $"is '{fields.Text("kind")}', which this pgmahout does not know");
}

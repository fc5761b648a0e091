using System.Globalization;
using System.Text.Json;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Backup.Archiving;

/// <summary>WAL that is missing for good, as it is written down in the repository.</summary>
public sealed record GapRecord(WalGap Gap, string Why, DateTimeOffset FoundAt)
{
    public byte[] Encode()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("timeline", Gap.From.Timeline.Value);
            json.WriteString("from", Gap.From.Lsn.ToString());
            json.WriteNumber("toTimeline", Gap.To.Timeline.Value);
            json.WriteString("to", Gap.To.Lsn.ToString());
            json.WriteString("why", Why);
            json.WriteString("foundAt", FoundAt.ToString("O", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        return text.ToArray();
    }

    /// <summary>Null when it is none.</summary>
    public static GapRecord? Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return new GapRecord(
                new WalGap(Position(root, "timeline", "from"), Position(root, "toTimeline", "to")),
                root.GetProperty("why").GetString() ?? "",
                root.GetProperty("foundAt").GetDateTimeOffset());
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static WalPosition Position(JsonElement root, string timeline, string lsn) => new(
        new TimelineId(root.GetProperty(timeline).GetUInt32()), Lsn.Parse(root.GetProperty(lsn).GetString() ?? ""));
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

/// <summary>Writes records, and the pieces they share.</summary>
internal static class RecordText
{
    // People read these records with the sqlite3 and etcdctl programs; none of them is ever put into a web page.
    private static readonly JsonWriterOptions Readable =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Encode(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", 1);
            fields(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void WritePosition(this Utf8JsonWriter json, string name, WalPosition position)
    {
        json.WriteStartObject(name);
        json.WriteNumber("timeline", position.Timeline.Value);
        json.WriteString("lsn", position.Lsn.ToString());
        json.WriteEndObject();
    }

    public static WalPosition Position(this RecordFields fields) =>
        new(new TimelineId((uint)fields.Number("timeline", 1, uint.MaxValue)), fields.Lsn("lsn"));
}

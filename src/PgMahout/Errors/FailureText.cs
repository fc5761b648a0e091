using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgMahout.Errors;

/// <summary>A failure as text for people, and as JSON for programs.</summary>
public static class FailureText
{
    private const int LabelWidth = 11;

    private static readonly JsonWriterOptions Readable =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Human(Failure failure)
    {
        var text = new StringBuilder();
        text.Append("error[").Append(failure.Kind.Code).Append("]: ").Append(failure.What).Append('\n');
        foreach (var fact in failure.Facts)
            Labelled(text, fact.Label, fact.Text);
        text.Append("  ").Append(failure.Left).Append('\n');
        var label = "try";
        foreach (var command in failure.Next)
        {
            Labelled(text, label, command);
            label = "";
        }
        Labelled(text, "more", "pgmahout explain " + failure.Kind.Code);
        return text.ToString();
    }

    public static string Json(Failure failure)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", 1);
            json.WriteStartObject("error");
            json.WriteString("code", failure.Kind.Code);
            json.WriteNumber("exitCode", (int)failure.Kind.Exit);
            json.WriteString("what", failure.What);
            json.WriteStartArray("facts");
            foreach (var fact in failure.Facts)
                Write(json, fact);
            json.WriteEndArray();
            json.WriteString("left", failure.Left);
            json.WriteStartArray("next");
            foreach (var command in failure.Next)
                json.WriteStringValue(command);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, Fact fact)
    {
        json.WriteStartObject();
        json.WriteString("label", fact.Label);
        json.WriteString("text", fact.Text);
        json.WriteEndObject();
    }

    private static void Labelled(StringBuilder text, string label, string value)
    {
        var padding = new string(' ', LabelWidth + 2);
        var lines = value.TrimEnd().Split('\n');
        text.Append("  ").Append(label.PadRight(LabelWidth)).Append(lines[0]).Append('\n');
        foreach (var line in lines.Skip(1))
            text.Append(padding).Append(line).Append('\n');
    }
}

using System.Buffers;
using System.Text.Json;
using PgMahout.Core.Backup;

namespace PgMahout.Backup.Copying;

/// <summary>The list of a pack's chunks: <c>[[pack, offset, stored, plain, SHA-256], …]</c>.</summary>
internal static class PackJournal
{
    public static byte[] Write(IEnumerable<Chunk> chunks)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var chunk in chunks)
            {
                json.WriteStartArray();
                json.WriteNumberValue(chunk.Pack);
                json.WriteNumberValue(chunk.Offset);
                json.WriteNumberValue(chunk.Stored);
                json.WriteNumberValue(chunk.Plain);
                json.WriteStringValue(chunk.Hash.ToString());
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Empty for whatever <see cref="Write"/> has not written: then there is nothing to use again.</summary>
    public static List<Chunk> Parse(ReadOnlyMemory<byte> text)
    {
        var chunks = new List<Chunk>();
        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var row in document.RootElement.EnumerateArray())
                if (Digest.Parse(row[4].GetString()) is { } hash)
                    chunks.Add(new Chunk(
                        row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32(), row[3].GetInt32(), hash));
            return chunks;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException
            or IndexOutOfRangeException)
        {
            return [];
        }
    }
}

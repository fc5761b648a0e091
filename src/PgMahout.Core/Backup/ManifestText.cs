using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace PgMahout.Core.Backup;

/// <summary>
/// The manifest as JSON: readable, a line for each file and chunk, and compact enough for a terabyte of chunks. A file
/// is <c>[path, size, modified, mode, on parent, pieces]</c> with <c>at, length, chunk, inside</c> for each piece; a
/// chunk is <c>[pack, offset, stored bytes, bytes, SHA-256]</c>.
/// </summary>
public static class ManifestText
{
    private const int Format = 1;

    public static void Write(BackupManifest manifest, IBufferWriter<byte> to)
    {
        using var json = new Utf8JsonWriter(to);
        Head(json, manifest);
        Rows(to, json, "packs", manifest.Packs, row =>
        {
            json.WriteNumberValue(row.Key);
            json.WriteNumberValue(row.Value);
        });
        Rows(to, json, "tablespaces", manifest.Tablespaces, row =>
        {
            json.WriteNumberValue(row.Oid);
            json.WriteStringValue(row.Location);
        });
        Rows(to, json, "directories", manifest.Directories, row =>
        {
            json.WriteStringValue(row.Path);
            json.WriteStringValue(Convert.ToString(row.Mode, 8));
        });
        Rows(to, json, "badPages", manifest.BadPages, row =>
        {
            json.WriteStringValue(row.Path);
            json.WriteNumberValue(row.Block);
        });
        Rows(to, json, "chunks", manifest.Chunks, row => WriteChunk(json, row));
        Rows(to, json, "files", manifest.Files, row => WriteFile(json, row));
        to.Write("\n}\n"u8);
    }

    /// <summary>Null for anything that <see cref="Write"/> does not write.</summary>
    public static BackupManifest? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.GetProperty("header").GetProperty("format").GetInt32() != Format)
                return null;
            var manifest = Read(root);
            return IsWhole(manifest) ? manifest : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException
            or KeyNotFoundException or IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    private static void Head(Utf8JsonWriter json, BackupManifest manifest)
    {
        json.WriteStartObject();
        json.WriteStartObject("header");
        json.WriteNumber("format", Format);
        json.WriteString("backup", manifest.Id.Text);
        json.WriteString("parent", manifest.Parent?.Text);
        json.WriteString("ending", manifest.Ending);
        json.WriteEndObject();
        json.Flush();
    }

    /// <summary>Past the JSON writer, which knows no lines: it is started anew for each row.</summary>
    private static void Rows<T>(
        IBufferWriter<byte> to, Utf8JsonWriter json, string name, IEnumerable<T> rows, Action<T> write)
    {
        to.Write(Encoding.ASCII.GetBytes($",\n\"{name}\": ["));
        var first = true;
        foreach (var row in rows)
        {
            to.Write(first ? "\n"u8 : ",\n"u8);
            first = false;
            json.Reset(to);
            json.WriteStartArray();
            write(row);
            json.WriteEndArray();
            json.Flush();
        }
        to.Write("]"u8);
    }

    private static void WriteChunk(Utf8JsonWriter json, Chunk chunk)
    {
        json.WriteNumberValue(chunk.Pack);
        json.WriteNumberValue(chunk.Offset);
        json.WriteNumberValue(chunk.Stored);
        json.WriteNumberValue(chunk.Plain);
        json.WriteStringValue(chunk.Hash.ToString());
    }

    private static void WriteFile(Utf8JsonWriter json, BackedFile file)
    {
        json.WriteStringValue(file.Path);
        json.WriteNumberValue(file.Size);
        json.WriteNumberValue(file.ModifiedAt);
        json.WriteStringValue(Convert.ToString(file.Mode, 8));
        json.WriteBooleanValue(file.OnParent);
        json.WriteStartArray();
        foreach (var piece in file.Pieces)
        {
            json.WriteNumberValue(piece.At);
            json.WriteNumberValue(piece.Length);
            json.WriteNumberValue(piece.Chunk);
            json.WriteNumberValue(piece.Inside);
        }
        json.WriteEndArray();
    }

    private static BackupManifest Read(JsonElement root)
    {
        var head = root.GetProperty("header");
        return new BackupManifest(
            new BackupId(Text(head.GetProperty("backup"))),
            head.GetProperty("parent").GetString() is { } parent ? new BackupId(parent) : null,
            Text(head.GetProperty("ending")),
            Read(root, "packs", row => KeyValuePair.Create(row[0].GetInt32(), row[1].GetInt64()))
                .ToImmutableSortedDictionary(),
            Read(root, "tablespaces", row => new BackedTablespace(row[0].GetUInt32(), Text(row[1]))),
            Read(root, "directories", row => new BackedDirectory(Text(row[0]), Convert.ToInt32(Text(row[1]), 8))),
            Read(root, "chunks", ReadChunk),
            Read(root, "files", ReadFile),
            Read(root, "badPages", row => new BadPage(Text(row[0]), row[1].GetUInt32())));
    }

    private static ImmutableArray<T> Read<T>(JsonElement root, string name, Func<JsonElement, T> read)
    {
        var rows = root.GetProperty(name);
        var all = ImmutableArray.CreateBuilder<T>(rows.GetArrayLength());
        foreach (var row in rows.EnumerateArray())
            all.Add(read(row));
        return all.MoveToImmutable();
    }

    private static Chunk ReadChunk(JsonElement row) => new(
        row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32(), row[3].GetInt32(),
        Digest.Parse(row[4].GetString()) ?? throw new FormatException("no digest"));

    private static BackedFile ReadFile(JsonElement row)
    {
        var pieces = ImmutableArray.CreateBuilder<Piece>(row[5].GetArrayLength() / 4);
        var values = row[5].EnumerateArray();
        while (values.MoveNext())
            pieces.Add(new Piece(values.Current.GetInt64(), Next(ref values), Next(ref values), Next(ref values)));
        return new BackedFile(
            Text(row[0]), row[1].GetInt64(), row[2].GetInt64(), Convert.ToInt32(Text(row[3]), 8), row[4].GetBoolean(),
            pieces.MoveToImmutable());
    }

    private static int Next(ref JsonElement.ArrayEnumerator values) =>
        values.MoveNext() ? values.Current.GetInt32() : throw new FormatException("half a piece");

    private static string Text(JsonElement element) => element.GetString() ?? throw new FormatException("no text");

    /// <summary>Every reference leads somewhere, and no piece lies outside its file or chunk.</summary>
    private static bool IsWhole(BackupManifest manifest) =>
        manifest.Files.All(file => IsWhole(manifest, file))
        && manifest.Chunks.All(chunk =>
            chunk is { Offset: >= 0, Stored: > 0, Plain: >= 0 and <= BackupManifest.ChunkBytes }
            && manifest.Packs.TryGetValue(chunk.Pack, out var bytes) && chunk.Offset + (long)chunk.Stored <= bytes);

    private static bool IsWhole(BackupManifest manifest, BackedFile file)
    {
        long end = 0;
        foreach (var piece in file.Pieces)
        {
            if (piece.At < end || piece.Length <= 0 || piece.End > file.Size
                || (uint)piece.Chunk >= (uint)manifest.Chunks.Length
                || piece.Inside < 0 || piece.Inside + piece.Length > manifest.Chunks[piece.Chunk].Plain)
                return false;
            end = piece.End;
        }
        return file is { Size: >= 0 } && SafePath.IsSafe(file.Path) && (!file.OnParent || manifest.Parent is not null);
    }
}

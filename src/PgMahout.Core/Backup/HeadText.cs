using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>A backup's head with the SHA-256 of its manifest's plain text, and what was found wrong.</summary>
/// <param name="ManifestBytes">Length of that text.</param>
/// <param name="BadPages">Pages whose checksum was wrong on the server's disk.</param>
public sealed record StoredHead(BackupHead Head, Digest Manifest, int ManifestBytes, int BadPages);

/// <summary>The head as JSON.</summary>
public static class HeadText
{
    private const int Format = 1;
    private const string Time = "yyyy-MM-ddTHH:mm:ss.fffffffZ";

    /// <summary>With a SHA-256 of itself: a backup is chosen by what its head says.</summary>
    public static byte[] Write(StoredHead stored) =>
        Write(stored, Digest.Of(SHA256.HashData(Write(stored, null))));

    private static byte[] Write(StoredHead stored, Digest? own)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
            Write(json, stored, own);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Null for anything that <see cref="Write(StoredHead)"/> does not write.</summary>
    public static StoredHead? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var read = Read(document.RootElement);
            return read is not null && Write(read).AsSpan().SequenceEqual(text.Span) ? read : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException
            or KeyNotFoundException or OverflowException)
        {
            return null;
        }
    }

    private static void Write(Utf8JsonWriter json, StoredHead stored, Digest? own)
    {
        var head = stored.Head;
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteString("id", head.Id.Text);
        json.WriteString("kind", head.Kind == BackupKind.Full ? "full" : "incremental");
        json.WriteString("parent", head.Parent?.Text);
        json.WriteString("systemIdentifier", head.SystemIdentifier.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteNumber("timeline", head.Timeline.Value);
        json.WriteString("start", head.Start.ToString());
        json.WriteString("stop", head.Stop.ToString());
        json.WriteString("startedAt", Text(head.StartedAt));
        json.WriteString("stoppedAt", Text(head.StoppedAt));
        json.WriteNumber("serverVersion", head.ServerVersion);
        json.WriteNumber("size", head.Size.Bytes);
        json.WriteNumber("stored", head.Stored.Bytes);
        json.WriteString("source", head.Source);
        json.WriteString("manifestSha256", stored.Manifest.ToString());
        json.WriteNumber("manifestBytes", stored.ManifestBytes);
        json.WriteNumber("badPages", stored.BadPages);
        if (own is { } digest)
            json.WriteString("sha256", digest.ToString());
        json.WriteEndObject();
    }

    private static StoredHead? Read(JsonElement root)
    {
        BackupKind? kind = String(root, "kind") switch
        {
            "full" => BackupKind.Full,
            "incremental" => BackupKind.Incremental,
            _ => null,
        };
        var parent = root.GetProperty("parent").GetString() is { } text ? new BackupId(text) : (BackupId?)null;
        if (root.GetProperty("format").GetInt32() != Format || kind is not { } known
            || (known == BackupKind.Incremental) != parent.HasValue
            || Digest.Parse(String(root, "manifestSha256")) is not { } manifest)
            return null;
        var head = new BackupHead(
            new BackupId(String(root, "id")),
            known,
            parent,
            ulong.Parse(
                String(root, "systemIdentifier"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            new TimelineId(root.GetProperty("timeline").GetUInt32()),
            Lsn.Parse(String(root, "start")),
            Lsn.Parse(String(root, "stop")),
            Moment(root, "startedAt"),
            Moment(root, "stoppedAt"),
            root.GetProperty("serverVersion").GetInt32(),
            new ByteSize(root.GetProperty("size").GetInt64()),
            new ByteSize(root.GetProperty("stored").GetInt64()),
            String(root, "source"));
        var bytes = root.GetProperty("manifestBytes").GetInt32();
        return bytes < 0 ? null : new StoredHead(head, manifest, bytes, root.GetProperty("badPages").GetInt32());
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture);

    private static DateTimeOffset Moment(JsonElement root, string name) => DateTimeOffset.ParseExact(
        String(root, name), Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string String(JsonElement root, string name) =>
        root.GetProperty(name).GetString() ?? throw new FormatException(name);
}

using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using PgMahout.Backup.Framing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>Whose repository it is to be.</summary>
/// <param name="AdmitNewSystem">
/// A system identifier that the repository does not know is taken in beside those that it knows: after an upgrade, or
/// when the operator says so.
/// </param>
public sealed record RepositoryOwner(string Cluster, ulong SystemIdentifier, bool AdmitNewSystem);

/// <summary>What stands in <c>repository.json</c>: made once, and never changed.</summary>
/// <param name="KeyCheck">Tells the key that everything is encrypted with; null: not encrypted.</param>
internal sealed record RepositoryMark(int Format, string Cluster, string? KeyCheck)
{
    public const string Name = "repository.json";
    public const int Newest = 1;
    public const string SystemsPrefix = "systems/";

    private const int Longest = 64 << 10;
    private const string Cipher = "aes-256-gcm";

    public static string SystemName(ulong systemIdentifier) => $"{SystemsPrefix}{systemIdentifier:x16}.json";

    public static ulong? SystemOf(ObjectEntry entry) =>
        entry.Name.Length == SystemName(0).Length
        && ulong.TryParse(
            entry.Name.AsSpan(SystemsPrefix.Length, 16), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out var identifier)
            ? identifier
            : null;

    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteString("cluster", Cluster);
            if (KeyCheck is not null)
            {
                json.WriteStartObject("encryption");
                json.WriteString("cipher", Cipher);
                json.WriteString("keyCheck", KeyCheck);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    public static async Task<Outcome<RepositoryMark>> ReadAsync(
        IObjectStore store, CancellationToken cancellation)
    {
        var bytes = new byte[Longest];
        var read = await store.ReadAsync(Name, 0, bytes, cancellation);
        if (!read.TryGet(out var length))
            return new Outcome<RepositoryMark>.Failed(
                read.Failure!.Code == IObjectStore.Missing ? NoRepository(store.Address) : read.Failure!);
        return Parse(bytes.AsMemory(0, length)) is { } mark
            ? new Outcome<RepositoryMark>.Done(mark)
            : new Outcome<RepositoryMark>.Failed(Unreadable(store.Address));
    }

    /// <summary>Null for whatever this program has not written.</summary>
    public static RepositoryMark? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            var check = root.TryGetProperty("encryption", out var encryption)
                ? encryption.GetProperty("keyCheck").GetString()
                : null;
            return new RepositoryMark(
                root.GetProperty("format").GetInt32(), root.GetProperty("cluster").GetString() ?? "", check);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Why this cluster with this key must not use it; null when it may.</summary>
    public Problem? Objection(string address, string cluster, EncryptionKey? key)
    {
        if (Format > Newest)
            return new Problem(
                "repository-newer",
                $"{address} was made by a newer version of this program",
                $"its format is {Format}, this version knows {Newest}",
                "nothing was changed",
                "upgrade pgmahout on this host");
        if (Cluster != cluster)
            return new Problem(
                "repository-of-another",
                $"{address} is the repository of cluster {Cluster}, not of {cluster}",
                $"its {Name} says so",
                "nothing was changed",
                "name another directory or prefix; or, if that cluster is gone, empty this one first");
        if (KeyCheck == key?.Check)
            return null;
        var (why, next) = (KeyCheck, key) switch
        {
            (null, _) => ("it is not encrypted, and a key is configured", "configure it without a key file"),
            (_, null) => ("it is encrypted, and no key is configured", "name its key file"),
            _ => ("it was encrypted with another key", "name the key file that it was made with"),
        };
        return new Problem(
            "repository-key", $"{address} does not fit the key", why, "nothing was read or written", next);
    }

    public static Problem OtherSystem(string address, RepositoryOwner owner, ImmutableArray<ulong> known) => new(
        "repository-other-system",
        $"{address} holds another database cluster of the name {owner.Cluster}",
        $"it knows the system identifiers {string.Join(", ", known)}, the server has {owner.SystemIdentifier}",
        "nothing was changed",
        "if the server was upgraded or made anew on purpose, add the repository again with --new-system;"
        + " otherwise name another directory or prefix");

    private static Problem NoRepository(string address) => new(
        "repository-missing",
        $"there is no repository in {address}",
        $"it has no {Name}",
        "nothing was changed",
        "check the address; a repository is made when the cluster first uses it: pgmahout repo add");

    private static Problem Unreadable(string address) => new(
        "repository-unreadable",
        $"{Name} in {address} cannot be understood",
        "it is not what this program writes there",
        "nothing was changed",
        "put the file back from a copy of the repository; nothing else in it is lost");
}

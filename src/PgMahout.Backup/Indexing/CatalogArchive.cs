using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Catalog;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>One system identifier's catalog snapshots in a repository, each as compressed JSON.</summary>
public sealed class CatalogArchive(Repository repository, ulong systemIdentifier)
{
    /// <summary>In plain bytes: some ten million columns.</summary>
    private const int Longest = 1 << 30;

    private const string Ending = ".json";

    private readonly string _prefix = Repository.PrefixOf(systemIdentifier) + "catalog/";
    private byte[]? _newest;

    /// <summary>Done(false), and nothing is written, when it says what the last one that was put here said.</summary>
    public async Task<Outcome<bool>> PutAsync(CatalogSnapshot snapshot, CancellationToken cancellation)
    {
        var content = Identity(snapshot);
        if (_newest is not null && content.AsSpan().SequenceEqual(_newest))
            return new Outcome<bool>.Done(false);
        var put = await Framed.PutAsync(
            repository, NameOf(new WalPosition(snapshot.Timeline, snapshot.From)), Encode(snapshot), Flushing.Later,
            cancellation);
        if (put.Failure is { } problem)
            return new Outcome<bool>.Failed(problem);
        _newest = content;
        return new Outcome<bool>.Done(true);
    }

    /// <summary>Where there is a snapshot, in the order of timelines and positions.</summary>
    public async Task<Outcome<ImmutableArray<WalPosition>>> ListAsync(CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(_prefix, cancellation);
        return listed.TryGet(out var entries)
            ? new Outcome<ImmutableArray<WalPosition>>.Done(
                [.. entries.Select(entry => Position(entry.Name)).OfType<WalPosition>().Distinct().Order()])
            : new Outcome<ImmutableArray<WalPosition>>.Failed(listed.Failure!);
    }

    /// <summary>The objects of these snapshots, for an expiry.</summary>
    public async Task<Outcome<ImmutableArray<ObjectEntry>>> FindAsync(
        ImmutableArray<WalPosition> positions, CancellationToken cancellation)
    {
        var wanted = positions.ToHashSet();
        var listed = await repository.Store.ListAsync(_prefix, cancellation);
        return listed.TryGet(out var entries)
            ? new Outcome<ImmutableArray<ObjectEntry>>.Done(
                [.. entries.Where(entry => Position(entry.Name) is { } position && wanted.Contains(position))])
            : listed;
    }

    /// <summary>Null when there is none at that position.</summary>
    public async Task<Outcome<CatalogSnapshot?>> ReadAsync(WalPosition position, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(NameOf(position), cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<CatalogSnapshot?>.Failed(listed.Failure!);
        if (entries.IsEmpty)
            return new Outcome<CatalogSnapshot?>.Done(null);
        var longest = (int)Math.Min(Longest, Math.Max(entries[0].Length, 1 << 20) * 64);
        var read = await Framed.ReadAsync(repository, entries[0].Name, longest, cancellation);
        if (!read.TryGet(out var bytes))
            return new Outcome<CatalogSnapshot?>.Failed(read.Failure!);
        try
        {
            return new Outcome<CatalogSnapshot?>.Done(bytes is null
                ? null
                : JsonSerializer.Deserialize(bytes, CatalogContext.Default.CatalogDocument)?.Snapshot());
        }
        catch (JsonException e)
        {
            return new Outcome<CatalogSnapshot?>.Failed(IndexProblems.Damaged(entries[0].Name, e.Message));
        }
    }

    /// <summary>
    /// The last snapshot taken at or before a position, or else the first one after it; null when there is none.
    /// </summary>
    public async Task<Outcome<CatalogSnapshot?>> NearestAsync(Lsn lsn, CancellationToken cancellation)
    {
        var listed = await ListAsync(cancellation);
        if (!listed.TryGet(out var positions))
            return new Outcome<CatalogSnapshot?>.Failed(listed.Failure!);
        if (positions.IsEmpty)
            return new Outcome<CatalogSnapshot?>.Done(null);
        var before = positions.Where(position => position.Lsn <= lsn).ToArray();
        return await ReadAsync(
            before.Length > 0 ? before.MaxBy(position => position.Lsn) : positions.MinBy(position => position.Lsn),
            cancellation);
    }

    private static byte[] Encode(CatalogSnapshot snapshot) =>
        JsonSerializer.SerializeToUtf8Bytes(CatalogDocument.Of(snapshot), CatalogContext.Default.CatalogDocument);

    /// <summary>
    /// Of everything but when it was taken, sizes, which change with every vacuum, and temporary relations, which WAL
    /// does not tell of.
    /// </summary>
    private static byte[] Identity(CatalogSnapshot snapshot) => SHA256.HashData(Encode(snapshot with
    {
        From = default,
        To = default,
        TakenAt = default,
        Databases =
        [
            .. snapshot.Databases.Select(database => database with
            {
                Relations =
                [
                    .. database.Relations
                        .Where(relation => relation.Persistence != 't')
                        .Select(relation => relation with { Pages = 0, Rows = 0 }),
                ],
            }),
        ],
    }));

    private string NameOf(WalPosition position) => string.Create(
        CultureInfo.InvariantCulture, $"{_prefix}{position.Timeline.Value:X8}/{position.Lsn.Value:X16}{Ending}");

    private WalPosition? Position(string name)
    {
        var fields = Framing.Compression.OfName(name).Bare[_prefix.Length..].Split('/');
        return fields is [var timeline, var file] && file.EndsWith(Ending, StringComparison.Ordinal)
            && uint.TryParse(timeline, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
            && ulong.TryParse(
                file[..^Ending.Length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var lsn)
            ? new WalPosition(new TimelineId(id), new Lsn(lsn))
            : null;
    }
}

/// <summary>The JSON of a snapshot. Stable: fields are added, never renamed.</summary>
/// <param name="From">LSN, as PostgreSQL prints it.</param>
internal sealed record CatalogDocument(
    int Schema,
    uint Timeline,
    string From,
    string To,
    DateTimeOffset TakenAt,
    int ServerVersion,
    ImmutableArray<CatalogDatabase> Databases,
    ImmutableArray<CatalogObject> Roles,
    ImmutableArray<CatalogObject> Tablespaces)
{
    private const int Newest = 1;

    public static CatalogDocument Of(CatalogSnapshot snapshot) => new(
        Newest, snapshot.Timeline.Value, snapshot.From.ToString(), snapshot.To.ToString(), snapshot.TakenAt,
        snapshot.ServerVersion, snapshot.Databases, snapshot.Roles, snapshot.Tablespaces);

    /// <exception cref="JsonException">It is of another schema.</exception>
    public CatalogSnapshot Snapshot() =>
        Schema == Newest && Lsn.TryParse(From, out var from) && Lsn.TryParse(To, out var to)
            ? new CatalogSnapshot(
                new TimelineId(Timeline), from, to, TakenAt, ServerVersion, Databases, Roles, Tablespaces)
            : throw new JsonException($"schema {Schema}, from '{From}' to '{To}'");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CatalogDocument))]
internal sealed partial class CatalogContext : JsonSerializerContext;

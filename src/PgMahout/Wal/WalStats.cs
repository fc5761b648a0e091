using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Catalog;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Output;

namespace PgMahout.Wal;

/// <summary>What WAL consists of.</summary>
/// <param name="Segments">In order.</param>
internal sealed record WalStats(WalIndex Index, ImmutableArray<SegmentIndex> Segments, CatalogNames? Names)
{
    private const int MostRates = 20;

    private long Bytes => Index.Managers.Sum(share => share.Value.Bytes);

    private long ImageBytes => Index.Managers.Sum(share => share.Value.ImageBytes);

    public string Human(Paint paint, int most)
    {
        var span = Index.First is { } first && Index.Latest is { } latest ? latest - first : TimeSpan.Zero;
        var rate = span > TimeSpan.Zero
            ? string.Create(CultureInfo.InvariantCulture, $", {Index.Commits / span.TotalSeconds:F1} commits/s")
            : "";
        List<string> parts =
        [
            paint.Strong($"WAL {Index.From} to {Index.To}") + $"   {new ByteSize(Bytes)} in {Segments.Length} segments",
            $"{Index.Commits} commits, {Index.Aborts} aborts   {Moment(Index.First)} to {Moment(Index.Latest)} UTC"
                + rate,
            $"page images: {new ByteSize(ImageBytes)}, {Percent(ImageBytes)}",
            "",
            Columns.Align([Heading("MANAGER"), .. Managers.Select(Row)]),
        ];
        if (Relations.Length > 0)
            parts.AddRange(["", Columns.Align([Heading("RELATION"), .. Relations.Take(most).Select(Row)])]);
        if (Rates.Length > 1)
            parts.AddRange(
                ["", Columns.Align([["FROM LSN", "TIME (UTC)", "COMMITS", "PER SECOND"], .. Rates.Select(RateRow)])]);
        return string.Join('\n', parts);
    }

    public string Plain() => string.Join('\n', (string[])
    [
        Columns.Tabbed(
            "wal", Index.From.ToString(), Index.To.ToString(), Number(Bytes), Number(ImageBytes),
            Number(Index.Commits), Number(Index.Aborts), Iso(Index.First), Iso(Index.Latest)),
        .. Managers.Select(share => Columns.Tabbed(["manager", .. Fields(share)])),
        .. Relations.Select(share => Columns.Tabbed(["relation", .. Fields(share)])),
        .. Rates.Select(rate => Columns.Tabbed(["rate", .. RateRow(rate)])),
    ]);

    public WalStatsDocument Document => new(
        DocumentJson.Schema, Index.From.ToString(), Index.To.ToString(), Bytes, ImageBytes, Index.Commits, Index.Aborts,
        Index.First?.UtcDateTime, Index.Latest?.UtcDateTime, Managers, Relations, Rates);

    private ImmutableArray<WalShareDocument> Managers =>
        [.. Sorted(Index.Managers.Select(share => Share(Rmgr.NameOf(share.Key), share.Value)))];

    private ImmutableArray<WalShareDocument> Relations =>
        [.. Sorted(Index.Relations.Select(share => Share(NameOf(share.Key), share.Value)))];

    /// <summary>One for each segment, or for so many together that there are not too many.</summary>
    private ImmutableArray<WalRateDocument> Rates
    {
        get
        {
            var together = Math.Max(1, (Segments.Length + MostRates - 1) / MostRates);
            return [.. Segments.Chunk(together).Select(Rate).OfType<WalRateDocument>()];
        }
    }

    private static WalRateDocument? Rate(SegmentIndex[] segments)
    {
        var merged = WalIndex.Merge(segments);
        if (merged.First is not { } first || merged.Latest is not { } latest)
            return null;
        var seconds = (latest - first).TotalSeconds;
        return new WalRateDocument(
            merged.From.ToString(), first.UtcDateTime, Math.Round(seconds, 3), merged.Commits,
            seconds > 0 ? Math.Round(merged.Commits / seconds, 1) : 0);
    }

    private static WalShareDocument Share(string name, WalShare share) =>
        new(name, share.Records, share.Bytes, share.ImageBytes);

    private static IEnumerable<WalShareDocument> Sorted(IEnumerable<WalShareDocument> shares) =>
        shares.OrderByDescending(share => share.Bytes).ThenBy(share => share.Name, StringComparer.Ordinal);

    private string NameOf(RelationFile file) => Names?.Of(file)?.Text ?? file.ToString();

    private static string[] Heading(string what) => [what, "RECORDS", "BYTES", "SHARE", "PAGE IMAGES"];

    private string[] Row(WalShareDocument share) =>
    [
        share.Name, Number(share.Records), new ByteSize(share.Bytes).ToString(), Percent(share.Bytes),
        new ByteSize(share.ImageBytes).ToString(),
    ];

    private static string[] RateRow(WalRateDocument rate) =>
    [
        rate.Lsn, Moment(rate.At), Number(rate.Commits),
        rate.CommitsPerSecond.ToString("F1", CultureInfo.InvariantCulture),
    ];

    private static string?[] Fields(WalShareDocument share) =>
        [share.Name, Number(share.Records), Number(share.Bytes), Number(share.ImageBytes)];

    private string Percent(long part) =>
        string.Create(CultureInfo.InvariantCulture, $"{(Bytes == 0 ? 0 : 100.0 * part / Bytes):F1} %");

    private static string Moment(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "-";

    private static string? Iso(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}

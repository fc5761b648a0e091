using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Status;
using PgMahout.Store;

namespace PgMahout.Verbs;

internal static class HistoryVerb
{
    private const int DefaultCount = 20;

    public static Command Build(CommonOptions common)
    {
        var count = new Option<int?>("-n")
        {
            Description = $"How many entries (default {DefaultCount}).",
            HelpName = "N",
        };
        var number = new Argument<long>("N") { Description = "The entry's number, the first column of `history`." };
        var show = new Command("show", "One entry with everything that was written down about it.") { number };
        common.Bind(show, (parse, invocation) => ShowAsync(invocation, parse.GetValue(number)));
        var command = new Command("history", "What happened to the cluster, oldest first; -v adds every decision.")
        {
            count, show,
        };
        common.Bind(command, (parse, invocation) => ListAsync(invocation, parse.GetValue(count) ?? DefaultCount));
        return command;
    }

    private static async Task<Ending> ListAsync(Invocation invocation, int count)
    {
        var read = await ReadAsync(invocation);
        if (!read.TryGet(out var history, out var failure))
            return failure;
        JournalEntry[] entries =
        [
            .. history.Entries
                .Where(entry => invocation.Verbose || entry.Kind != JournalKind.Decision)
                .TakeLast(count),
        ];
        invocation.Screen.Data(invocation.Screen.Format switch
        {
            OutputFormat.Human => Columns.Align([Heading, .. entries.Select(Row)]),
            OutputFormat.Plain => string.Join('\n', entries.Select(entry => Columns.Tabbed(Row(entry)))),
            OutputFormat.Json => DocumentJson.Text(
                new HistoryDocument(DocumentJson.Schema, history.Cluster, [.. entries.Select(DocumentJson.Of)]),
                DocumentJson.Types.HistoryDocument),
        });
        return Ending.Ok;
    }

    private static async Task<Ending> ShowAsync(Invocation invocation, long number)
    {
        var read = await ReadAsync(invocation);
        if (!read.TryGet(out var history, out var failure))
            return failure;
        if (history.Entries.FirstOrDefault(entry => entry.Sequence == number) is not { } entry)
            return new Failure(ErrorCatalogue.NoHistoryEntry, $"the history has no entry {number}")
                .Try("pgmahout history");
        var document = DocumentJson.Of(entry);
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(document, DocumentJson.Types.HistoryEntryDocument)
            : Columns.Align([Heading, Row(entry)]) + Details(document));
        return Ending.Ok;
    }

    private static async Task<Attempt<History>> ReadAsync(Invocation invocation)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        return await cluster.Store.ReadJournalAsync(
            IClusterStore.JournalBound, ClusterAccess.StoreLimit, invocation.Cancellation) switch
        {
            JournalRead.Content content => new History(cluster.Spec.Name, content.Entries),
            JournalRead.Unreachable unreachable =>
                new Failure(ErrorCatalogue.NoAnswer, "the history cannot be read").Because(unreachable.Reason),
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };
    }

    private static string[] Heading => ["N", "TIME (UTC)", "EPOCH", "TL", "WHAT", "MEMBER", ""];

    private static string[] Row(JournalEntry entry) =>
    [
        entry.Sequence.ToString(CultureInfo.InvariantCulture),
        entry.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
        entry.Epoch.ToString(),
        entry.Timeline?.ToString() ?? "-",
        Words.Of(entry.Kind),
        entry.Member?.Text ?? "-",
        entry.Text,
    ];

    private static string Details(HistoryEntryDocument entry) =>
        entry.Details is { ValueKind: not JsonValueKind.Null } details
            ? "\n\n" + DocumentJson.Text(details, DocumentJson.Types.JsonElement)
            : "";

    private sealed record History(string Cluster, System.Collections.Immutable.ImmutableArray<JournalEntry> Entries);
}

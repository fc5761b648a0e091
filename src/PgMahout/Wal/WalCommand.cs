using System.Collections.Immutable;
using PgMahout.Backup.Indexing;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Indexing;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Wal;

/// <summary>What to look for in WAL; at least one of them, and what is given must all fit.</summary>
/// <param name="Table">A part of a name as SQL writes it, or a file as <c>pg_waldump</c> does.</param>
internal sealed record WalWanted(bool Dropped, string? Table, string? At, uint? Xid, string? RestorePoint)
{
    public bool IsNothing => this is { Dropped: false, Table: null, At: null, Xid: null, RestorePoint: null };
}

/// <summary><c>pgmahout wal</c>: looks into WAL, and changes nothing.</summary>
internal sealed class WalCommand(Invocation invocation, WalWhere where, TimeProvider time)
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private Screen Screen => invocation.Screen;

    public Task<Ending> StatsAsync(int segments, int relations) => WalPlaces.WithAsync(invocation, where, async place =>
    {
        var read = await place.IndexesAsync(segments, invocation.Cancellation);
        if (!read.TryGet(out var indexes))
            return WalPlaces.Told(read.Failure!);
        var merged = WalIndex.Merge(indexes);
        var stats = new WalStats(merged, indexes, await place.NamesAtAsync(merged.To, invocation.Cancellation));
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Human => stats.Human(Screen.Paint, relations),
            OutputFormat.Plain => stats.Plain(),
            OutputFormat.Json => DocumentJson.Text(stats.Document, DocumentJson.Types.WalStatsDocument),
        });
        return Ending.Ok;
    });

    /// <summary>The newest entries; with <paramref name="follow"/> what comes then, until cancelled.</summary>
    public async Task<Ending> TailAsync(int count, bool follow)
    {
        var seen = Lsn.Zero;
        var first = true;
        while (true)
        {
            var ending = await WalPlaces.WithAsync(invocation, where, async place =>
            {
                var read = await NewestAsync(place, seen, first ? count : int.MaxValue);
                if (!read.TryGet(out var entries, out var failure))
                    return failure;
                Print(entries, first && !follow);
                seen = entries.IsEmpty ? seen : entries[^1].At;
                return Ending.Ok;
            });
            if (!follow || ending != Ending.Ok)
                return ending;
            first = false;
            await Task.Delay(Pace, time, invocation.Cancellation);
        }
    }

    public Task<Ending> FindAsync(WalWanted wanted) => WalPlaces.WithAsync(invocation, where, async place =>
    {
        var read = await place.IndexesAsync(int.MaxValue, invocation.Cancellation);
        if (!read.TryGet(out var indexes))
            return WalPlaces.Told(read.Failure!);
        var entries = ImmutableArray.CreateBuilder<WalEntry>();
        if (wanted.At is { } at && await AtAsync(place, indexes, at, entries) is { } atFailure)
            return atFailure;
        if (wanted.Xid is { } xid && await XidAsync(place, indexes, xid, entries) is { } xidFailure)
            return xidFailure;
        if (wanted.Dropped || wanted.Table is not null || wanted.RestorePoint is not null)
            foreach (var told in indexes.SelectMany(index => index.Events).Where(told => IsOf(wanted, told)))
            {
                var names = await place.NamesAtAsync(told.At, invocation.Cancellation);
                var entry = new WalEntries(names).Of(told);
                if (wanted.Table is not { } table || entry.Objects.Any(name => IsNamed(name, table)))
                    entries.Add(entry);
            }
        if (entries.Count == 0)
            return new Failure(ErrorCatalogue.NotInWal, "nothing of that is in the WAL that was looked through")
                .Because($"it goes from {place.Segments[0].Start} to {place.Segments[^1].End}")
                .Try("pgmahout wal tail");
        Print(entries.ToImmutable(), heading: true);
        return Ending.Ok;
    });

    private async Task<Failure?> AtAsync(
        WalPlace place, ImmutableArray<SegmentIndex> indexes, string text,
        ImmutableArray<WalEntry>.Builder entries)
    {
        var target = RecoveryTargetText.Parse(text, false, time.GetUtcNow(), time.LocalTimeZone, out var problem);
        if (target is not RecoveryTarget.AtTime at)
            return new Failure(ErrorCatalogue.Usage, problem.Length > 0 ? problem : $"'{text}' is not a time");
        var found = await place.FirstCommitAfterAsync(at.Time, indexes, invocation.Cancellation);
        if (!found.TryGet(out var end))
            return WalPlaces.Told(found.Failure!);
        if (end is { } first)
            entries.Add(WalEntries.End(first) with
            {
                Text = $"the first commit after {at.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss.FFFFFF} UTC: "
                    + "recovery to that time stops before it",
            });
        return null;
    }

    private async Task<Failure?> XidAsync(
        WalPlace place, ImmutableArray<SegmentIndex> indexes, uint xid, ImmutableArray<WalEntry>.Builder entries)
    {
        var found = await place.EndOfAsync(xid, indexes, invocation.Cancellation);
        if (!found.TryGet(out var end))
            return WalPlaces.Told(found.Failure!);
        if (end is { } ended)
            entries.Add(WalEntries.End(ended));
        return null;
    }

    private static bool IsOf(WalWanted wanted, WalEvent told) => told switch
    {
        WalEvent.RestorePoint point => wanted is { RestorePoint: { } name, Dropped: false, Table: null }
            && point.Name == name,
        WalEvent.FilesLost lost => wanted.RestorePoint is null
            && (!wanted.Dropped || lost.Kind is LossKind.Dropped or LossKind.Mixed),
        WalEvent.DatabaseDropped => wanted.RestorePoint is null,
        WalEvent.RowsChanged or WalEvent.Truncated => wanted is { Dropped: false, Table: not null },
        _ => false,
    };

    /// <summary><c>orders</c>, <c>public.orders</c> and <c>shop.public.orders</c> all name the same.</summary>
    private static bool IsNamed(string name, string wanted) =>
        name == wanted || name.EndsWith("." + wanted, StringComparison.Ordinal)
        || name.EndsWith("/" + wanted, StringComparison.Ordinal);

    private async Task<Attempt<ImmutableArray<WalEntry>>> NewestAsync(WalPlace place, Lsn behind, int count)
    {
        for (var segments = 2; ; segments *= 4)
        {
            var read = await place.IndexesAsync(segments, invocation.Cancellation);
            if (!read.TryGet(out var indexes))
                return WalPlaces.Told(read.Failure!);
            var entries = await EntriesAsync(place, indexes, behind);
            var reached = indexes.IsEmpty || indexes[0].Segment.Start <= behind || segments >= place.Segments.Length;
            if (reached || (behind == Lsn.Zero && entries.Length >= count))
                return entries.TakeLast(count).ToImmutableArray();
        }
    }

    /// <summary>Events and commits; a commit that an event is about is not told twice.</summary>
    private async Task<ImmutableArray<WalEntry>> EntriesAsync(
        WalPlace place, ImmutableArray<SegmentIndex> indexes, Lsn behind)
    {
        var entries = new List<WalEntry>();
        foreach (var told in indexes.SelectMany(index => index.Events).Where(told => told.At > behind))
            entries.Add(new WalEntries(await place.NamesAtAsync(told.At, invocation.Cancellation)).Of(told));
        var taken = entries.Select(entry => entry.At).ToHashSet();
        entries.AddRange(indexes
            .SelectMany(index => index.Commits.Marks)
            .Where(mark => mark.At > behind && !taken.Contains(mark.At))
            .Select(WalEntries.Commit));
        return [.. entries.OrderBy(entry => entry.At)];
    }

    private void Print(ImmutableArray<WalEntry> entries, bool heading)
    {
        if (entries.IsEmpty && !Screen.IsJson)
            return;
        var zone = time.LocalTimeZone;
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Human => Columns.Align(
            [
                .. heading ? [WalEntry.Heading] : Array.Empty<string[]>(),
                .. entries.Select(entry => entry.Row(zone)),
            ]),
            OutputFormat.Plain => string.Join('\n', entries.Select(entry =>
                Columns.Tabbed([.. entry.Row(zone), entry.StopBefore?.ToString()]))),
            OutputFormat.Json => DocumentJson.Text(
                new WalEntriesDocument(DocumentJson.Schema, [.. entries.Select(entry => entry.Document)]),
                DocumentJson.Types.WalEntriesDocument),
        });
    }
}

using System.Collections.Immutable;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>
/// Segments that an archiver is just storing. It puts a segment whole before it removes its parts, and a part that
/// covers many before it removes those; but a listing is no picture of one moment, and can miss both. What was durable
/// when the question was asked is found here, however things move meanwhile.
/// </summary>
internal sealed class MovingSegments(Repository repository, WalNames names)
{
    /// <summary>More than an archiver has under way at once.</summary>
    private const ulong UnderWay = 16;

    /// <summary>Each time something must have been moved in between, which takes an archiver a while.</summary>
    private const int Looks = 20;

    /// <summary>
    /// Whole segments that <paramref name="seen"/> lacks although they may have been there, in parts, when its listing
    /// began: in front of the last one of each timeline, behind it, or where a timeline begins.
    /// </summary>
    public async Task<Outcome<ImmutableArray<WalSegment>>> FindMissedAsync(
        WalSurvey.Builder seen, IReadOnlyCollection<WalSegment> partial, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<WalSegment>();
        foreach (var timeline in seen.Timelines.Concat(partial.Select(segment => segment.Timeline)).Distinct().Order())
        {
            var last = seen.Numbers(timeline)
                .Concat(partial.Where(segment => segment.Timeline == timeline).Select(segment => segment.Number))
                .Select(number => (ulong?)number).Max() ?? Begin(seen, timeline);
            for (var number = Math.Max(last - Math.Min(last, UnderWay), Begin(seen, timeline)); ; number++)
            {
                var segment = new WalSegment(timeline, number, seen.SegmentSize);
                if (seen.IsWhole(segment) || partial.Contains(segment))
                    continue;
                var length = await repository.Store.LengthAsync(
                    names.Whole(segment) + repository.Ending, cancellation);
                if (!length.TryGet(out var there))
                    return new Outcome<ImmutableArray<WalSegment>>.Failed(length.Failure!);
                if (there is not null)
                    found.Add(segment);
                else if (number > last)
                    break;
            }
        }
        return new Outcome<ImmutableArray<WalSegment>>.Done(found.ToImmutable());
    }

    /// <summary>
    /// What there is of a segment: whole, or from its beginning on. What was read counts when all that it was read from
    /// is still there, the same, in a later listing.
    /// </summary>
    /// <param name="whole">Reads an object that holds all of it.</param>
    /// <param name="parts">Reads some of its parts.</param>
    public async Task<Outcome<SegmentPrefix>> ReadAsync(
        WalSegment segment,
        Func<ObjectEntry, Task<Outcome<SegmentPrefix>>> whole,
        Func<List<ObjectEntry>, Task<Outcome<SegmentPrefix>>> parts,
        CancellationToken cancellation)
    {
        (ImmutableArray<ObjectEntry> Entries, Outcome<SegmentPrefix> Read)? last = null;
        for (var look = 0; look < Looks; look++)
        {
            var listed = await repository.Store.ListAsync(names.Whole(segment), cancellation);
            if (!listed.TryGet(out var entries))
                return new Outcome<SegmentPrefix>.Failed(listed.Failure!);
            if (last is { } before && StillThere(before.Entries, entries))
                return before.Read;
            foreach (var entry in entries)
                if (names.Parse(entry.Name, segment.Size) is WalObject.Whole)
                    return await whole(entry);
            var own = entries.Where(entry => names.Parse(entry.Name, segment.Size) is WalObject.Part).ToList();
            last = ([.. own], own.Count == 0 ? Nothing(segment) : await parts(own));
        }
        return last!.Value.Read;
    }

    private static bool StillThere(ImmutableArray<ObjectEntry> before, ImmutableArray<ObjectEntry> now)
    {
        if (before.IsEmpty)
            return now.IsEmpty;
        var lengths = now.ToDictionary(entry => entry.Name, entry => entry.Length);
        return before.All(entry => lengths.TryGetValue(entry.Name, out var length) && length == entry.Length);
    }

    private Outcome<SegmentPrefix> Nothing(WalSegment segment) =>
        new Outcome<SegmentPrefix>.Failed(StoreProblems.Missing(repository.Store.Address, segment.Name));

    private static ulong Begin(WalSurvey.Builder seen, TimelineId timeline) =>
        seen.Histories.FirstOrDefault(history => history.Current == timeline) is { Ancestors: [.., var parent] }
            ? parent.EndedAt.Value / seen.SegmentSize
            : 0;
}

using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// How far the primary had written, and when: what a standby's place in the WAL means in time. The lag it gives is
/// never less than the real one, and more by at most the time between two looks.
/// </summary>
public sealed record WrittenTrail(TimelineId? Timeline, ImmutableArray<WrittenAt> Points)
{
    private const int MostPoints = 256;

    public static readonly WrittenTrail Empty = new(null, []);

    /// <summary>
    /// The primary answered a question of <paramref name="asked"/> that it had written so far: so it had then, or
    /// less.
    /// </summary>
    public WrittenTrail Add(WalPosition written, Instant asked)
    {
        var point = new WrittenAt(written.Lsn, asked);
        if (Timeline != written.Timeline)
            return new WrittenTrail(written.Timeline, [point]);
        if (Points[^1].Lsn > written.Lsn || Points[^1].At > asked)
            return this;
        // Nothing was written since: who has everything has it as of now.
        if (Points[^1].Lsn == written.Lsn)
            return this with { Points = [.. Points[..^1], point] };
        return this with { Points = [.. Points.TakeLast(MostPoints - 1), point] };
    }

    /// <summary>
    /// How old the oldest thing can be that a standby lacked at <paramref name="seen"/>, which had replayed up to
    /// <paramref name="replayed"/>; null when it is older than all that is remembered, or of another timeline.
    /// </summary>
    public TimeSpan? Lag(WalPosition replayed, Instant seen)
    {
        if (replayed.Timeline != Timeline)
            return null;
        for (var place = Points.Length - 1; place >= 0; place--)
            if (Points[place].Lsn <= replayed.Lsn)
                return seen > Points[place].At ? seen - Points[place].At : TimeSpan.Zero;
        return null;
    }
}

/// <summary>Everything that was written at <paramref name="At"/> lies before <paramref name="Lsn"/>.</summary>
public readonly record struct WrittenAt(Lsn Lsn, Instant At);

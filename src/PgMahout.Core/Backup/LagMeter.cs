using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>
/// How long ago the server had what is confirmed now: looks at its end are remembered until they are confirmed.
/// </summary>
public sealed class LagMeter
{
    // About a minute of looks; behind by more, every second one is forgotten again and again.
    private const int MostLooks = 256;

    private readonly List<(Instant At, Lsn End)> _looks = [];

    public void Look(Instant now, Lsn serverEnd)
    {
        if (_looks.Count > 0 && _looks[^1].End >= serverEnd)
            return;
        if (_looks.Count == MostLooks)
            for (var i = MostLooks / 2; i > 0; i--)
                _looks.RemoveAt(2 * i - 1);
        _looks.Add((now, serverEnd));
    }

    /// <summary>Zero when all that was seen is confirmed.</summary>
    public TimeSpan Lag(Instant now, Lsn confirmed)
    {
        _looks.RemoveAll(look => look.End <= confirmed);
        return _looks.Count == 0 ? TimeSpan.Zero : now - _looks[0].At;
    }
}

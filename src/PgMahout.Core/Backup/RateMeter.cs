using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>Bytes a second, smoothed over about so long.</summary>
public sealed class RateMeter(TimeSpan smoothing)
{
    public RateMeter()
        : this(TimeSpan.FromSeconds(1))
    {
    }

    private (Instant At, Lsn End)? _last;
    private double _perSecond;

    public ByteSize Of(Instant now, Lsn end)
    {
        if (_last is var (at, before) && now > at)
        {
            var seconds = (now - at).TotalSeconds;
            var weight = 1 - Math.Exp(-seconds / smoothing.TotalSeconds);
            _perSecond += weight * (Lsn.Distance(before, end).Bytes / seconds - _perSecond);
        }
        _last = (now, end);
        return new ByteSize((long)_perSecond);
    }
}

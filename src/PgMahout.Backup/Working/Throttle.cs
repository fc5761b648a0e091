using PgMahout.Core.Vocabulary;

namespace PgMahout.Backup.Working;

/// <summary>Lets so many bytes a second pass, over all threads; at most a quarter of a second at once.</summary>
internal sealed class Throttle(ByteSize? perSecond, TimeProvider time)
{
    private const double Burst = 0.25;

    private readonly Lock _lock = new();
    private readonly long _from = time.GetTimestamp();
    private double _paidUntil;

    /// <summary>Returns when these bytes may be read.</summary>
    public void Pass(int bytes, CancellationToken cancellation)
    {
        if (perSecond is not { Bytes: > 0 } rate)
            return;
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetElapsedTime(_from).TotalSeconds;
            _paidUntil = Math.Max(_paidUntil, now - Burst) + (double)bytes / rate.Bytes;
            wait = TimeSpan.FromSeconds(Math.Max(0, _paidUntil - now));
        }
        if (wait > TimeSpan.Zero && cancellation.WaitHandle.WaitOne(wait))
            cancellation.ThrowIfCancellationRequested();
    }
}

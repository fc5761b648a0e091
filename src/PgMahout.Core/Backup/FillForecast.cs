using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>When a disk is full, if everything goes on as it does.</summary>
public static class FillForecast
{
    private static readonly TimeSpan NoConcern = TimeSpan.FromDays(365);

    /// <summary>Null when it is not to be expected within a year.</summary>
    public static TimeSpan? Until(ByteSize free, double bytesPerSecond)
    {
        var seconds = free.Bytes / bytesPerSecond;
        return seconds >= 0 && seconds < NoConcern.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    /// <summary>
    /// Of the primary's disk, while nothing is archived and all of it is kept: what has come together so far came in
    /// the time that the archive is behind.
    /// </summary>
    public static TimeSpan? OfPrimary(ByteSize free, ByteSize behind, TimeSpan lag) =>
        lag <= TimeSpan.Zero ? null : Until(free, behind.Bytes / lag.TotalSeconds);
}

namespace PgMahout.Core.Protocol;

/// <summary>PostgreSQL's time stamps: microseconds since the beginning of the year 2000, UTC.</summary>
public static class PostgresTime
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static long From(DateTimeOffset at) => (at - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Of(long microseconds) => Epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}

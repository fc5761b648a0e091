using PgMahout.Core.Cluster;

namespace PgMahout.Store.Records;

/// <summary>A pause as it is stored: with the wall-clock moment at which it ends by itself.</summary>
public sealed record PauseRecord(DateTimeOffset Until, string By, string Reason)
{
    /// <summary>Null once it has run out.</summary>
    public Pause? At(DateTimeOffset now) => Until > now ? new Pause(Until - now, By, Reason) : null;
}

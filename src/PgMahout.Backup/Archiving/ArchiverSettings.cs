namespace PgMahout.Backup.Archiving;

/// <summary>How an archiver behaves.</summary>
/// <param name="SystemIdentifier">Of the cluster: WAL of any other is refused.</param>
/// <param name="SlotName">On the primary. Whoever streams through it is the only archiver of the repository.</param>
public sealed record ArchiverSettings(ulong SystemIdentifier, string SlotName)
{
    /// <summary>A segment that is not whole after so long is stored as far as it is.</summary>
    public TimeSpan FlushAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A primary that says nothing for longer, though asked, is taken for dead.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For one command of the replication protocol.</summary>
    public TimeSpan CommandLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A repository that takes nothing for longer: the primary is let go, so that its shutdown waits for nobody. Its
    /// slot keeps the WAL.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two attempts, at the repository or the primary.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many segments are compressed and written at once.</summary>
    public int Writers { get; init; } = 2;

    /// <summary>How many segments are in memory at most; two at least.</summary>
    public int Buffers { get; init; } = 4;
}

using System.Collections.Immutable;
using PgMahout.Core.Backup;

namespace PgMahout.Backups;

/// <summary>The JSON of <c>repo list -o json</c>.</summary>
public sealed record RepositoriesDocument(
    int Schema, string Cluster, ImmutableArray<RepositoryDocument> Repositories);

/// <param name="Compression">none, lz4 or zstd, with the level where one was chosen: <c>zstd:3</c>.</param>
/// <param name="KeyFile">Null: not encrypted.</param>
/// <param name="Slot">The replication slot through which its WAL is read.</param>
public sealed record RepositoryDocument(
    string Name, string Address, string Compression, string? KeyFile, string Slot);

/// <summary>The JSON of <c>backup settings -o json</c>. Null: never.</summary>
/// <param name="At">The time of day, UTC.</param>
public sealed record BackupSettingsDocument(
    int Schema,
    string Cluster,
    double? FullEverySeconds,
    double? IncrementalEverySeconds,
    string? At,
    double? DrillEverySeconds,
    double WindowSeconds,
    ImmutableArray<KeptPeriodDocument> Periods,
    string WhenUnreachable,
    long? ThrottleBytes);

/// <param name="Period">day, week, month or year.</param>
public sealed record KeptPeriodDocument(string Period, int Count);

/// <summary>The JSON of <c>backup list -o json</c>.</summary>
/// <param name="Backups">In the order of their WAL.</param>
/// <param name="Windows">What can be restored, earliest first.</param>
public sealed record BackupsDocument(
    int Schema,
    string Cluster,
    string Repository,
    ImmutableArray<BackupDocument> Backups,
    ImmutableArray<WindowDocument> Windows);

/// <summary>Any commit between the two ends can be restored.</summary>
/// <param name="FromTime">When its first backup was consistent.</param>
public sealed record WindowDocument(uint Timeline, string FromLsn, string ToLsn, DateTime FromTime)
{
    internal static WindowDocument Of(RecoveryWindow window) => new(
        window.Line.Current.Value, window.From.ToString(), window.To.ToString(), window.First.StoppedAt.UtcDateTime);
}

/// <summary>One backup. The JSON of <c>backup now</c> and <c>backup show</c>.</summary>
/// <param name="StartLsn">Replay begins here.</param>
/// <param name="StopLsn">Replay up to here makes it consistent.</param>
/// <param name="Bytes">Of the data directory.</param>
/// <param name="StoredBytes">In the repository, without what it builds on.</param>
public sealed record BackupDocument(
    string Id,
    string Kind,
    string? Parent,
    string Source,
    uint Timeline,
    string StartLsn,
    string StopLsn,
    DateTime StartedAt,
    DateTime StoppedAt,
    int ServerVersion,
    long Bytes,
    long StoredBytes)
{
    public string? Repository { get; init; }

    public double? Seconds { get; init; }

    public int? BadPages { get; init; }

    /// <summary>All that are read to restore it, the full one first.</summary>
    public ImmutableArray<string>? Chain { get; init; }

    public static BackupDocument Of(BackupHead head) => new(
        head.Id.Text,
        BackupWords.Of(head.Kind),
        head.Parent?.Text,
        head.Source,
        head.Timeline.Value,
        head.Start.ToString(),
        head.Stop.ToString(),
        head.StartedAt.UtcDateTime,
        head.StoppedAt.UtcDateTime,
        head.ServerVersion,
        head.Size.Bytes,
        head.Stored.Bytes);

    public static BackupDocument Of(StoredHead stored, string repository, TimeSpan took) => Of(stored.Head) with
    {
        Repository = repository,
        Seconds = Math.Round(took.TotalSeconds, 3),
        BadPages = stored.BadPages,
    };
}

/// <summary>The JSON of <c>backup expire -o json</c>.</summary>
/// <param name="WindowFrom">Any commit since then stays restorable.</param>
/// <param name="Segments">Objects of WAL that are, or would be, deleted.</param>
/// <param name="Bytes">That are, or would be, freed.</param>
public sealed record ExpiryDocument(
    int Schema,
    string Repository,
    bool DryRun,
    DateTime? WindowFrom,
    ImmutableArray<KeptBackupDocument> Kept,
    ImmutableArray<string> Deleted,
    int Segments,
    long Bytes);

public sealed record KeptBackupDocument(string Id, string Why);

/// <summary>The JSON of <c>backup verify -o json</c>.</summary>
/// <param name="Objects">How many were read.</param>
public sealed record VerificationDocument(
    int Schema, string Repository, int Objects, long Bytes, ImmutableArray<DamageDocument> Damaged);

public sealed record DamageDocument(string Object, string Why);

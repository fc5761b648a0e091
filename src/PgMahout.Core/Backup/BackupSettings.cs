using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

public enum CompressionKind
{
    None,
    Lz4,
    Zstd,
}

/// <summary>What happens when a repository does not take WAL for long.</summary>
public enum WhenUnreachable
{
    /// <summary>
    /// The primary stays up: WAL is kept up to the limit that the disk allows, then given up. The gap is marked, and a
    /// new backup is made as soon as the repository is back.
    /// </summary>
    KeepPrimaryUp,

    /// <summary>WAL is kept until it is archived, at the price of a full disk.</summary>
    KeepEveryByte,
}

/// <summary>One place where backups and WAL go.</summary>
/// <param name="Name">
/// At most 32 of <c>a-z 0-9 _</c>: part of the name of the slot through which its WAL is read.
/// </param>
/// <param name="Address">A directory's absolute path, or <c>s3://bucket/prefix</c>.</param>
/// <param name="Level">Of the compression; null: its own default.</param>
/// <param name="KeyFile">Of the encryption; null: not encrypted.</param>
/// <param name="Options">Of an object store: endpoint, region, credentials file.</param>
public sealed record RepositorySettings(
    string Name,
    string Address,
    CompressionKind Compression,
    int? Level,
    string? KeyFile,
    ImmutableSortedDictionary<string, string> Options)
{
    public const string SlotPrefix = "pgmahoutarchive_";

    /// <summary>On every member that could become the primary.</summary>
    public string SlotName => SlotPrefix + Name;

    public static bool IsName(string text) =>
        text.Length is > 0 and <= 32 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_');

    public bool Equals(RepositorySettings? other) =>
        other is not null
        && Name == other.Name
        && Address == other.Address
        && Compression == other.Compression
        && Level == other.Level
        && KeyFile == other.KeyFile
        && Options.SequenceEqual(other.Options);

    public override int GetHashCode() => HashCode.Combine(Name, Address, Compression, Level, KeyFile);
}

/// <summary>How often the cluster makes backups by itself. Null: never.</summary>
/// <param name="At">The time of day, UTC, from which one may begin; null: whenever it is due.</param>
/// <param name="DrillEvery">How often a restore is proven.</param>
public sealed record BackupSchedule(
    TimeSpan? FullEvery, TimeSpan? IncrementalEvery, TimeSpan? At, TimeSpan? DrillEvery)
{
    /// <summary>A full one each week, the changes each day; a restore is proven each week.</summary>
    public static readonly BackupSchedule Default = new(
        TimeSpan.FromDays(7), TimeSpan.FromDays(1), null, TimeSpan.FromDays(7));
}

/// <summary>All that the cluster's members agreed on about backups.</summary>
/// <param name="Throttle">
/// Bytes a second that a backup reads at most; null: as fast as it goes, at low priority.
/// </param>
public sealed record BackupSettings(
    ImmutableArray<RepositorySettings> Repositories,
    BackupSchedule Schedule,
    RetentionPolicy Retention,
    WhenUnreachable WhenUnreachable,
    ByteSize? Throttle)
{
    public static readonly BackupSettings None = new(
        [], BackupSchedule.Default, RetentionPolicy.Default, WhenUnreachable.KeepPrimaryUp, null);

    public RepositorySettings? Find(string name) =>
        Repositories.FirstOrDefault(repository => repository.Name == name);

    public bool Equals(BackupSettings? other) =>
        other is not null
        && Schedule == other.Schedule
        && Retention == other.Retention
        && WhenUnreachable == other.WhenUnreachable
        && Throttle == other.Throttle
        && Repositories.AsSpan().SequenceEqual(other.Repositories.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Schedule, Retention, WhenUnreachable, Repositories.Length);
}

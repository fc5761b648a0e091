using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>
/// What the archiver says of itself, every second: the content of <c>run/archiver.json</c>, and a part of
/// <c>status -o json</c>. Times are UTC.
/// </summary>
/// <param name="Running">What it is doing beside archiving: a backup, an expiry, a drill; null: nothing.</param>
public sealed record ArchiverReport(int Pid, DateTime At, string? Running, ImmutableArray<ArchiveReport> Archives)
{
    /// <summary>Since when this archiver runs.</summary>
    public DateTime StartedAt { get; init; }

    /// <summary>Null when there is none, or none that can be read.</summary>
    public static ArchiverReport? Read(HomeLayout home)
    {
        try
        {
            var text = File.ReadAllBytes(home.ArchiverReport);
            return JsonSerializer.Deserialize(text, DocumentJson.Types.ArchiverReport);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>One repository: how far its WAL is, and what can be restored from it.</summary>
/// <param name="State">
/// streaming, connecting, waiting, stuck, foreign, or elsewhere: the archiver of another host does it.
/// </param>
/// <param name="Confirmed">The LSN before which every byte is on the repository's disk.</param>
/// <param name="LagSeconds">Age of the oldest byte that the primary has and the repository has not.</param>
/// <param name="Problem">Why nothing is archived now; null when all is well.</param>
/// <param name="Gap">WAL that is missing for good and that no later backup has made unimportant.</param>
/// <param name="LastBackup">The newest from which the present can be restored.</param>
/// <param name="RestorableFrom">Any commit from then on can be restored; null: nothing yet.</param>
/// <param name="ProvenAt">When a restore was last done for real and looked at.</param>
/// <param name="LastFailure">Why the last backup, expiry or drill failed; null when it did not.</param>
public sealed record ArchiveReport(
    string Repository,
    string Address,
    string State,
    uint? Timeline,
    string? Received,
    string? Confirmed,
    double? LagSeconds,
    long? LagBytes,
    string? Problem,
    DateTime? ProblemSince,
    string? Gap,
    BackupReport? LastBackup,
    DateTime? RestorableFrom,
    DateTime? ProvenAt,
    string? LastFailure)
{
    /// <summary>The host whose archiver says so; null where there is one machine.</summary>
    public string? By { get; init; }

    /// <summary>WAL that comes in, in bytes, smoothed over some minutes.</summary>
    public long BytesPerSecond { get; init; }

    /// <summary>
    /// Until the disk of the repository is full at this pace, as if WAL were not compressed; null: not within a year,
    /// or it is no directory.
    /// </summary>
    public double? RepositoryFullInSeconds { get; init; }

    /// <summary>
    /// Until the primary's disk is full of WAL that is not archived; null while it is, when the primary is on another
    /// host, or when the primary will let WAL go before.
    /// </summary>
    public double? PrimaryFullInSeconds { get; init; }
}

/// <param name="Kind">full or incremental.</param>
public sealed record BackupReport(string Id, string Kind, DateTime StoppedAt, long Bytes, long StoredBytes);

using PgMahout.Backup.Indexing;
using PgMahout.Backups;
using PgMahout.Postgres.Catalog;

namespace PgMahout.Archiving;

/// <summary>
/// Keeps what relations were called: WAL knows them by numbers only, and the live catalogs forget what was dropped.
/// </summary>
internal sealed class CatalogKeeping(CatalogArchive archive, ArchivedCluster cluster)
{
    // What is made and dropped between two snapshots has no name, so they are as close as they are cheap.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>Reading them takes at most one part in so many of the time.</summary>
    private const int Share = 20;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Until it is cancelled. A snapshot that says what the last one said is not stored again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var told = "";
        var changes = 0;
        while (true)
        {
            var started = TimeProvider.System.GetTimestamp();
            var (problem, changed) = await TakeAsync(cancellation);
            if (problem is not null && problem != told)
                ArchiverProcess.Say($"no snapshot of the catalogs: {problem}");
            told = problem ?? "";
            // Names that change all the time would fill the repository.
            changes = changed ? changes + 1 : 0;
            var pause = Interval(TimeProvider.System.GetElapsedTime(started), changes);
            await Task.Delay(problem is null ? pause : Retry, cancellation);
        }
    }

    private static TimeSpan Interval(TimeSpan cost, int changes)
    {
        var wanted = cost * Share > Shortest ? cost * Share : Shortest;
        wanted *= Math.Max(1, changes);
        return wanted < Longest ? wanted : Longest;
    }

    private async Task<(string? Problem, bool Changed)> TakeAsync(CancellationToken cancellation)
    {
        if (cluster.Leader is not { } leader)
            return ("there is no primary", false);
        var read = await CatalogReader.ReadAsync(
            ServerConnection.Text(leader, cluster.Secrets), Limit, cancellation);
        if (!read.TryGet(out var snapshot))
            return (read.Failure!.ToString(), false);
        var put = await archive.PutAsync(snapshot, cancellation);
        return (put.Failure?.ToString(), put.TryGet(out var stored) && stored);
    }
}

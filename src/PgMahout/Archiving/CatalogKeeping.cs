using PgMahout.Backup.Indexing;
using PgMahout.Backups;
using PgMahout.Postgres.Catalog;

namespace PgMahout.Archiving;

/// <summary>
/// Keeps what relations were called: WAL knows them by numbers only, and the live catalogs forget what was dropped.
/// </summary>
internal sealed class CatalogKeeping(CatalogArchive archive, ArchivedCluster cluster)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Until it is cancelled. A snapshot that says what the last one said is not stored again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var told = "";
        while (true)
        {
            var problem = await TakeAsync(cancellation);
            if (problem is not null && problem != told)
                ArchiverProcess.Say($"no snapshot of the catalogs: {problem}");
            told = problem ?? "";
            await Task.Delay(problem is null ? Every : Retry, cancellation);
        }
    }

    private async Task<string?> TakeAsync(CancellationToken cancellation)
    {
        if (cluster.Leader is not { } leader)
            return "there is no primary";
        var read = await CatalogReader.ReadAsync(
            ServerConnection.Text(leader, cluster.Secrets), Limit, cancellation);
        if (!read.TryGet(out var snapshot))
            return read.Failure!.ToString();
        return (await archive.PutAsync(snapshot, cancellation)).Failure?.ToString();
    }
}

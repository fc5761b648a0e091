using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>Deletes what the retention no longer asks for, or says what that would be.</summary>
internal sealed class ExpireCommand(Invocation invocation, BackupAccess access)
{
    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(string? repository, bool dryRun)
    {
        if (!(await BackupLock.TakeAsync(invocation, access)).TryGet(out var alone, out var failure))
            return failure;
        await using var letGo = alone;
        if (!(await access.LookAsync(repository, Cancellation)).TryGet(out var place, out failure))
            return failure;
        await using var closing = place;
        var expiry = new Expiry(place.Opened, place.SystemIdentifier, place.Seen);
        var plan = expiry.Plan(access.Settings.Retention, TimeProvider.System.GetUtcNow());
        var told = await expiry.CarryOutAsync(plan, dryRun, Cancellation);
        if (!told.TryGet(out var document))
            return RepositoryOpening.Translate(ErrorCatalogue.NothingExpires, told.Failure!);
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(document, DocumentJson.Types.ExpiryDocument)
            : ExpiryText.Of(document));
        if (!dryRun && document.Deleted.Length + document.Segments > 0)
            await access.Cluster.TellAsync(
                JournalKind.BackupsExpired, null,
                $"{document.Deleted.Length} backups and {document.Segments} objects of WAL expired, repository "
                + place.Opened.Settings.Name, Cancellation);
        return Ending.Ok;
    }
}

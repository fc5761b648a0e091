using PgMahout.Backup.Verifying;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>Reads every byte of a repository as a restore would, and compares it with its checksums.</summary>
internal sealed class VerifyCommand(Invocation invocation, BackupAccess access)
{
    private const int MostShown = 20;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    /// <param name="id">One backup and what it builds on; null: everything, WAL too.</param>
    public async Task<Ending> RunAsync(string? id, string? repository)
    {
        if (!(await access.LookAsync(repository, Cancellation)).TryGet(out var place, out var failure))
            return failure;
        await using var closing = place;
        if (id is not null && place.Seen.Backups.All(backup => backup.Id.Text != id))
            return CatalogCommand.Unknown(id);
        var run = new VerifyRun(
            place.Opened.Repository, place.SystemIdentifier, Math.Clamp(Environment.ProcessorCount, 1, 8));
        var verified = await ProgressLine.ShowAsync(Screen, run.Progress, VerifyAsync(run, id, place.Seen));
        return verified.TryGet(out var found)
            ? Say(found, place.Opened.Settings.Name)
            : RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, verified.Failure!);
    }

    private async Task<Outcome<Verification>> VerifyAsync(VerifyRun run, string? id, Restorable seen)
    {
        var chosen = id is null
            ? seen.Backups
            : RestorePlanning.Chain(seen.Backups, seen.Backups.First(one => one.Id.Text == id)) ?? [];
        var all = new Verification(0, 0, []);
        foreach (var backup in chosen)
        {
            var one = await run.BackupAsync(backup.Id, Cancellation);
            if (!one.TryGet(out var found))
                return one;
            all = Sum(all, found);
        }
        if (id is not null)
            return new Outcome<Verification>.Done(all);
        var wal = await run.WalAsync(seen.Archive.SegmentSize, Cancellation);
        return wal.TryGet(out var segments) ? new Outcome<Verification>.Done(Sum(all, segments)) : wal;
    }

    private static Verification Sum(Verification one, Verification other) => new(
        one.Objects + other.Objects, one.Bytes + other.Bytes, one.Damaged.AddRange(other.Damaged));

    private Ending Say(Verification found, string repository)
    {
        var document = new VerificationDocument(
            DocumentJson.Schema, repository, found.Objects, found.Bytes,
            [.. found.Damaged.Select(one => new DamageDocument(one.Object, one.Why))]);
        if (Screen.IsJson)
            Screen.Data(DocumentJson.Text(document, DocumentJson.Types.VerificationDocument));
        if (found.Damaged.IsEmpty)
        {
            if (!Screen.IsJson)
                Screen.Data($"{found.Objects} objects, {new ByteSize(found.Bytes)}: every byte is as it was written");
            return Ending.Ok;
        }
        return new Failure(
                ErrorCatalogue.BackupDamaged, $"{found.Damaged.Length} of {found.Objects} objects are damaged")
            .Because(string.Join(
                "\n", found.Damaged.Take(MostShown).Select(one => $"{one.Object}: {one.Why}")))
            .Try("pgmahout backup now --full");
    }
}

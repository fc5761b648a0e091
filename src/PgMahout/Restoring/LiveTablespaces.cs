using System.Collections.Immutable;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Recovering;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Errors;

namespace PgMahout.Restoring;

/// <summary>
/// Tablespaces that were made after the backup. Replay makes them where WAL says; where a cluster lives there already,
/// a copy would write into its files.
/// </summary>
internal static class LiveTablespaces
{
    /// <summary>Null when the way from the backup to the point writes into no directory that is in use.</summary>
    /// <param name="throwAway">What is restored is removed again: then it must not write anywhere else at all.</param>
    public static async Task<Failure?> WhyNotAsync(
        RestoreSource source, RestorePlan plan, bool throwAway, CancellationToken cancellation)
    {
        if (!(await FindAsync(source, plan, cancellation)).TryGet(out var made, out var failure))
            return failure;
        return made.Select(one => WhyNot(one, throwAway)).FirstOrDefault(refused => refused is not null);
    }

    /// <summary>
    /// What the leader has in tablespaces that did not exist when the backup was made goes: replay makes them anew, and
    /// must not find pages of the time that is undone.
    /// </summary>
    /// <param name="data">The leader's data directory.</param>
    /// <param name="goesOn">An earlier run may have removed the links to them already.</param>
    public static async Task<Failure?> EmptyAsync(
        (RestoreSource Source, RestorePlan Plan) wanted, string data, bool goesOn, CancellationToken cancellation)
    {
        if (!(await FindAsync(wanted.Source, wanted.Plan, cancellation)).TryGet(out var made, out var failure))
            return failure;
        var major = wanted.Plan.Backup.ServerVersion / 10000;
        try
        {
            foreach (var one in made.Where(one => Directory.Exists(one.Location)))
            {
                var link = new DirectoryInfo(Path.Combine(data, DataPath.Tablespaces, $"{one.Oid}")).LinkTarget;
                if (link != one.Location && !goesOn)
                    continue;
                foreach (var own in Directory.EnumerateDirectories(one.Location, $"PG_{major}_*"))
                    Directory.Delete(own, recursive: true);
            }
            return made.Select(one => WhyNot(one, throwAway: false)).FirstOrDefault(refused => refused is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.RestoreFailed, "a tablespace of the time that is undone was not emptied")
                .Because(e.Message)
                .Try("pgmahout restore --in-place ...    (again)");
        }
    }

    private static async Task<Attempt<ImmutableArray<MadeTablespace>>> FindAsync(
        RestoreSource source, RestorePlan plan, CancellationToken cancellation)
    {
        var archive = new WalArchive(source.Opened.Repository, source.SystemIdentifier);
        var found = await new TablespacesOnTheWay(archive).FindAsync(plan, source.Seen.Archive, cancellation);
        return found.TryGet(out var made)
            ? made
            : RepositoryOpening.Translate(ErrorCatalogue.WalUnreadable, found.Failure!);
    }

    private static Failure? WhyNot(MadeTablespace made, bool throwAway)
    {
        if (!Directory.Exists(made.Location))
            return throwAway ? InUse(made) : new Failure(
                    ErrorCatalogue.RestoreRefused, "a tablespace was made on the way to that point, and has no place")
                .Because($"replay of the record at {made.At} makes it in {made.Location}, which is not there")
                .Try($"mkdir {made.Location}    (of the server's account, empty), then restore again");
        return throwAway || Directory.EnumerateFileSystemEntries(made.Location).Any() ? InUse(made) : null;
    }

    private static Failure InUse(MadeTablespace made) =>
        new Failure(ErrorCatalogue.RestoreRefused, "a tablespace was made on the way to that point")
            .Because(
                $"replay of the record at {made.At} writes into {made.Location}: on the cluster's machine, into the "
                + "cluster's own files")
            .Leaving("nothing was restored")
            .Try(
                "pgmahout backup now    (points behind it do not need that replay)",
                "pgmahout restore --in-place ...",
                "pgmahout restore --from REPOSITORY --to DIR ...    (on another machine)");
}

using System.CommandLine;
using PgMahout.Backup.Archiving;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Errors;
using PgMahout.Restoring;

namespace PgMahout.Verbs;

/// <summary>For archive_command and restore_command of servers that need them.</summary>
internal static class WalFileVerbs
{
    public static Command Push(CommonOptions common)
    {
        var path = new Argument<string>("PATH") { Description = "As archive_command says %p." };
        var file = new Argument<string>("NAME") { Description = "As archive_command says %f." };
        var command = new Command("push", "Bring one file into the archive (archive_command).")
        {
            path, file, BackupVerb.Repository,
        };
        RepoVerb.Bind(common, command, async (parse, invocation, access) =>
        {
            if (!access.Identity.TryGet(out var identity, out var failure))
                return failure;
            var opening = await access.WriteAsync(parse.GetValue(BackupVerb.Repository), invocation.Cancellation);
            if (!opening.TryGet(out var opened, out failure))
                return failure;
            await using var closing = opened;
            var pushed = await new WalPush(new WalArchive(opened.Repository, identity)).RunAsync(
                parse.GetRequiredValue(path), parse.GetRequiredValue(file), invocation.Cancellation);
            return pushed.Failure is { } problem
                ? RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, problem)
                : Ending.Ok;
        });
        return command;
    }

    public static Command Get(CommonOptions common)
    {
        var file = new Argument<string>("NAME") { Description = "As restore_command says %f." };
        var path = new Argument<string>("PATH") { Description = "As restore_command says %p." };
        var from = new Option<string?>("--from") { Description = "A repository by its place.", HelpName = "DIR" };
        var key = new Option<string?>("--key-file") { Description = "With --from: its key.", HelpName = "FILE" };
        var command = new Command("get", "Bring one file out of the archive (restore_command).")
        {
            file, path, BackupVerb.Repository, from, key,
        };
        common.Bind(command, async (parse, invocation) =>
        {
            var order = new RestoreOrder(
                parse.GetValue(BackupVerb.Repository), parse.GetValue(from), parse.GetValue(key), "")
            {
                Target = new RecoveryTarget.Latest(),
            };
            if (!(await RestoreSource.FindAsync(invocation, order)).TryGet(out var source, out var failure))
                return failure;
            await using var closing = source.Opened;
            var archive = new WalArchive(source.Opened.Repository, source.SystemIdentifier);
            var sized = await archive.SegmentSizeAsync(invocation.Cancellation);
            if (!sized.TryGet(out var size))
                return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, sized.Failure!);
            var got = await new WalGet(archive, size).RunAsync(
                parse.GetRequiredValue(file), parse.GetRequiredValue(path), invocation.Cancellation);
            if (!got.TryGet(out var found))
                return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, got.Failure!);
            // To a recovery, a file that is not there is the end of WAL: no failure, and no success.
            return found ? ExitCode.Ok : ExitCode.NotFound;
        });
        return command;
    }
}

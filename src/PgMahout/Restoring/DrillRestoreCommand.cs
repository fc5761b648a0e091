using System.Security.Cryptography;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;

namespace PgMahout.Restoring;

/// <summary>
/// Proves that what is in a repository restores: a random point of the window is brought back into a scratch directory,
/// its server is started, and every table and index is read and checked. Then all of it is removed, and the proof kept.
/// </summary>
internal sealed class DrillRestoreCommand(Invocation invocation, BackupAccess access)
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    /// <param name="target">Null: a random point.</param>
    public async Task<Ending> RunAsync(string? repository, RecoveryTarget? target)
    {
        if (!(await BackupLock.TakeAsync(invocation, access)).TryGet(out var alone, out var failure))
            return failure;
        await using var letGo = alone;
        if (!Preflight.FindHost().TryGet(out var host, out failure))
            return await HostHome.WhereInstead(failure, invocation, "drill restore");
        var place = new RestorePlace(
            Path.Combine(invocation.Home.DrillDirectory, "data"), Math.Clamp(Environment.ProcessorCount, 1, 8), true)
        {
            Tablespaces = Path.Combine(invocation.Home.DrillDirectory, "tablespaces"),
        };
        var order = new RestoreOrder(repository, null, null, place.Directory) { Target = new RecoveryTarget.Latest() };
        if (!(await RestoreSource.OpenAsync(invocation, order)).TryGet(out var source, out failure))
            return failure;
        await using var closing = source;
        var wanted = target ?? RandomPoint(source.Seen);
        var planned = await source.PlanAsync(
            wanted, (null, null), TimeProvider.System.GetUtcNow(), Cancellation);
        if (!planned.TryGet(out var plan, out failure))
            return failure;
        Screen.Note(RestoreText.Of(plan, wanted));
        if ((RestoreCommand.WrongVersion(plan, host) ?? WhyNoSpace(plan)) is { } refused)
            return refused;
        if (await LiveTablespaces.WhyNotAsync(source, plan, throwAway: true, Cancellation) is { } shared)
            return shared;
        try
        {
            Remove();
            host.Account.CreateDirectory(invocation.Home.DrillDirectory, OwnerOnly);
            return await ProveAsync(source, host, plan, place);
        }
        finally
        {
            Remove();
        }
    }

    private async Task<Ending> ProveAsync(RestoreSource source, Host host, RestorePlan plan, RestorePlace place)
    {
        var inspection = new CopyInspection(host);
        var work = new RestoreWork(source.Opened, source.SystemIdentifier, host, Screen);
        var done = await work.CarryOutAsync(
            (plan, source.Seen.Archive), place, server => inspection.RunAsync(server, Cancellation), Cancellation);
        if (!done.TryGet(out var measure, out var failure))
            return failure;
        var proof = new RestoreProof(
            DocumentJson.Schema,
            TimeProvider.System.GetUtcNow().UtcDateTime,
            source.Opened.Settings.Name,
            plan.Backup.Id.Text,
            (plan.Target.Stop ?? plan.Reach).ToString(),
            plan.Target.LastCommit?.UtcDateTime,
            Math.Round(measure.Files.TotalSeconds, 3),
            Math.Round(measure.UntilWritable.TotalSeconds, 3),
            measure.Restored.Written.Bytes,
            plan.Replay.Bytes,
            inspection.Databases,
            inspection.Relations);
        var kept = await proof.KeepAsync(source.Opened.Repository, source.SystemIdentifier, Cancellation);
        if (kept.Failure is { } unwritten)
            return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, unwritten);
        var text = $"backup {proof.Backup} restored to {proof.Lsn}, writable after "
            + $"{Durations.Text(measure.UntilWritable)}; {proof.Relations} tables and indexes of {proof.Databases} "
            + "databases are sound";
        await access.Cluster.TellAsync(JournalKind.RestoreProven, null, text, Cancellation);
        Screen.Data(Screen.IsJson ? DocumentJson.Text(proof, DocumentJson.Types.RestoreProof) : text);
        return Ending.Ok;
    }

    /// <summary>Any address of the newest window is as likely as any other.</summary>
    private static RecoveryTarget RandomPoint(Restorable seen)
    {
        if (seen.Windows.LastOrDefault() is not { } window)
            return new RecoveryTarget.Latest();
        var chance = new Prng(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
        var length = Lsn.Distance(window.From, window.To).Bytes;
        return new RecoveryTarget.AtLsn(new Lsn(window.From.Value + (ulong)(chance.Fraction() * length)));
    }

    private Failure? WhyNoSpace(RestorePlan plan)
    {
        var needed = plan.Backup.Size.Bytes + (2 * plan.Replay.Bytes);
        var free = new DriveInfo(invocation.Home.Root).AvailableFreeSpace;
        return free - needed >= ByteSize.Megabytes(512).Bytes
            ? null
            : new Failure(ErrorCatalogue.RestoreRefused, "there is not enough space for the drill")
                .Because($"it needs {new ByteSize(needed)} beside 512 MB, and {invocation.Home.Root} has "
                    + $"{new ByteSize(free)} free");
    }

    private void Remove()
    {
        if (Directory.Exists(invocation.Home.DrillDirectory))
            Directory.Delete(invocation.Home.DrillDirectory, recursive: true);
    }
}

using PgMahout.Agent.Loop;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Recovering;
using PgMahout.Backup.Restoring;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Starting;

namespace PgMahout.Restoring;

/// <summary>
/// Makes a member's data directory from a repository: the newest backup, recovered to the end of the archive and
/// stopped. What the leader has written since, it streams once it follows.
/// </summary>
internal static class MemberCopy
{
    private const string SpoolName = "pgmahout-wal";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    /// <summary>The first repository of the cluster that can.</summary>
    public static async Task<Outcome<string>> MakeAsync(
        CopyOrder order, IProgress<string> progress, CancellationToken cancellation)
    {
        if (!Preflight.FindHost().TryGet(out var host, out var failure)
            || !(await BackupAccess.OpenAsync(order.Home, cancellation)).TryGet(out var access, out failure))
            return Not(Text(failure!));
        await using var closing = access;
        if (!access.Identity.TryGet(out _, out failure) || !access.Choose(null).TryGet(out _, out failure))
            return Not(Text(failure!));
        var reasons = new List<string>();
        foreach (var repository in access.Repositories)
        {
            if (!(await access.LookAsync(repository.Name, cancellation)).TryGet(out var looked, out failure))
            {
                reasons.Add($"{repository.Name}: {Text(failure!)}");
                continue;
            }
            await using var found = looked;
            var made = await new Copying(order, looked, host).RunAsync(progress, cancellation);
            if (made.Failure is not { } problem)
                return made;
            reasons.Add($"{repository.Name}: {problem.Why}");
        }
        return Not(string.Join("; ", reasons));
    }

    private static string Text(Failure failure) =>
        string.Join(": ", failure.Facts.Select(fact => fact.Text).Prepend(failure.What));

    private static Outcome<string> Not(string why) => new Outcome<string>.Failed(new Problem(
        "copy-not-from-repository", "no repository of the cluster gives a copy", why,
        "the present data directory, if there is one, is untouched", "pgmahout backup list; pgmahout backup now"));

    private sealed class Copying(CopyOrder order, LookedRepository looked, Host host)
    {
        private readonly WalArchive _archive = new(looked.Opened.Repository, looked.SystemIdentifier);
        private readonly int _workers = Math.Clamp(Environment.ProcessorCount, 1, 8);

        public async Task<Outcome<string>> RunAsync(IProgress<string> progress, CancellationToken cancellation)
        {
            var (seen, name) = (looked.Seen, looked.Opened.Settings.Name);
            var offered = RestorePlanning.For(
                seen.Backups, seen.Archive, order.Line, new ResolvedTarget(null, false, null));
            if (CopyPolicy.Decide(order.Origin, offered, order.Source, out var refusal) is not { } plan)
                return Not(refusal);
            if (plan.Backup.ServerVersion / 10000 != host.Binaries.Major)
                return Not($"its backups are of PostgreSQL {plan.Backup.ServerVersion / 10000}");
            if (await RestoreAsync(plan, progress, cancellation) is { } unrestored)
                return Not(unrestored.ToString());
            progress.Report($"replaying {plan.Replay} from {name}");
            return await RecoverAsync(plan, cancellation) is { } unrecovered
                ? Not(unrecovered.ToString())
                : new Outcome<string>.Done(
                    $"{name}: backup {plan.Backup.Id} and {plan.Replay} of WAL, up to {plan.Reach}");
        }

        private async Task<Problem?> RestoreAsync(
            RestorePlan plan, IProgress<string> progress, CancellationToken cancellation)
        {
            var run = new RestoreRun(new RestoreRequest
            {
                Repository = looked.Opened.Repository,
                SystemIdentifier = looked.SystemIdentifier,
                Backup = plan.Backup.Id,
                Directory = order.Into,
                Owner = host.Account,
                Workers = _workers,
                Polite = true,
                // Whoever puts the directory in its place flushes all of it.
                Durable = false,
            }, TimeProvider.System);
            var started = TimeProvider.System.GetTimestamp();
            var running = run.RunAsync(cancellation);
            while (await Task.WhenAny(running, Task.Delay(Pace, CancellationToken.None)) != running)
                progress.Report($"from {looked.Opened.Settings.Name}: " + ProgressLine.Text(
                    run.Progress, TimeProvider.System.GetElapsedTime(started)));
            return (await running).Failure;
        }

        /// <summary>
        /// As far as the archive has whole records, and no further: it stays a server in recovery, which a standby is.
        /// </summary>
        private async Task<Problem?> RecoverAsync(RestorePlan plan, CancellationToken cancellation)
        {
            var found = await _archive.LastRecordAsync(looked.Seen.Archive, plan, cancellation);
            if (!found.TryGet(out var last))
                return found.Failure;
            var spool = new WalSpool(_archive, Path.Combine(order.Into, SpoolName), host.Account);
            var sockets = order.Home.CopySockets(order.Member);
            try
            {
                var target = plan with { Target = new ResolvedTarget(last, true, null) };
                var filled = await spool.FillAsync(plan, looked.Seen.Archive, _workers, cancellation);
                if (filled.Failure is { } missing)
                    return missing;
                var settings = RecoveryConfiguration.Stopping(target, spool.RestoreCommand)
                    .AddRange(RecoveryConfiguration.Alone);
                if (RecoveryFiles.Write(order.Into, settings, host.Account).Failure is { } unwritten)
                    return unwritten;
                var recovered = await SideServer.RecoverAsync(
                    (host.Binaries, host.Account), (order.Into, sockets), RestoreRecovery.WhileItReplays, cancellation);
                return recovered.Failure
                    ?? RecoveryFiles.BecomeStandby(order.Into, plan.Line.Current, host.Account).Failure;
            }
            finally
            {
                spool.Clear();
                if (Directory.Exists(sockets))
                    Directory.Delete(sockets, recursive: true);
            }
        }
    }
}

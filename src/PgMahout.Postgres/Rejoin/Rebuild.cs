using System.Globalization;
using System.Text.RegularExpressions;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Rejoin;

/// <summary>Where a copy of a leader's data is made.</summary>
/// <param name="Directory">Empty, and of the server's account.</param>
public sealed record CopyPlace(string Directory, CopySource Source);

/// <summary>The two ways in which a member that has gone astray becomes a standby again: rewind and clone.</summary>
internal sealed partial class Rebuild(InstanceContext context)
{
    private const string AfterRewind =
        "the data directory may be half rewound: it must not be started, and a clone replaces it";
    private const string AfterClone =
        "the present data directory, if there is one, is untouched; with tablespaces it was removed to make room";
    private static readonly ByteSize Headroom = ByteSize.Megabytes(256);

    private InstanceSettings Settings => context.Settings;

    /// <summary>
    /// Everything is flushed before it counts as done: a power loss after an unflushed rewind would leave a mix of two
    /// histories that no checksum tells apart.
    /// </summary>
    public async Task<Outcome> RewindAsync(MemberSpec member, TimeSpan limit, CancellationToken cancellation)
    {
        if (context.Processes.List().Count > 0)
            return new Outcome.Failed(Problems.Running("a rewind"));
        var source = new Source(Settings, member);
        var found = await TablespacesAsync(source, member, limit, cancellation);
        if (!found.TryGet(out var tablespaces))
            return new Outcome.Failed(found.Failure!);
        var checkpoint = await source.CheckpointOnTimelineAsync(limit, cancellation);
        if (checkpoint is not Outcome<bool>.Done { Value: true })
            return new Outcome.Failed(checkpoint.Failure
                ?? Problems.Query($"rewinding from {member.Name}", "it is not a primary"));
        context.Files.WritePassFiles();
        context.Files.RemoveLockFiles();
        // Recovery of a crashed server in single-user mode, which pg_rewind begins with, refuses a standby.
        context.Files.StartAsStandby(false);
        context.Observer.RememberEnd(null);
        using var flush = new Flushes(tablespaces.Roots.Prepend(Settings.DataDirectory));
        var result = await RewindTool(source).RunAsync(limit, cancellation);
        // Whatever came of it: it brought the source's configuration along, and must never come up as a primary.
        context.Files.StartAsStandby(true);
        context.Files.Write(new AssignedRole(member.Name, SynchronousSet.Nobody));
        await flush.RunAsync();
        return result.Complaint is { } complaint
            ? new Outcome.Failed(Problems.Tool($"rewinding from {member.Name}", complaint, AfterRewind))
            : Outcome.Success;
    }

    public Task<Outcome> CloneAsync(
        MemberSpec member, IProgress<CloneProgress> progress, TimeSpan limit, CancellationToken cancellation) =>
        MakeAsync(member, async (source, place) =>
            await CopyAsync(source, place.Directory, progress, limit, cancellation) is { } complaint
                ? new Outcome.Failed(Problems.Tool($"cloning {member.Name}", complaint, AfterClone))
                : Outcome.Success, limit, cancellation);

    /// <param name="make">Makes a stopped server in the directory, as far as it gets, from anywhere else.</param>
    public Task<Outcome> RestoreAsync(
        MemberSpec member, Func<CopyPlace, Task<Outcome>> make, TimeSpan limit, CancellationToken cancellation) =>
        MakeAsync(member, (_, place) => make(place), limit, cancellation);

    private async Task<Outcome> MakeAsync(
        MemberSpec member, Func<Source, CopyPlace, Task<Outcome>> make, TimeSpan limit, CancellationToken cancellation)
    {
        if (context.Processes.List().Count > 0)
            return new Outcome.Failed(Problems.Running("a clone"));
        var source = new Source(Settings, member);
        var found = await TablespacesAsync(source, member, limit, cancellation);
        if (!found.TryGet(out var tablespaces))
            return new Outcome.Failed(found.Failure!);
        var reserved = await source.ReserveAsync(limit, cancellation);
        if (!reserved.TryGet(out var kept))
            return new Outcome.Failed(reserved.Failure!);
        var unfinished = MemberPaths.Unfinished(Settings);
        if (MakeRoom(unfinished, new ByteSize(kept.Size.Bytes + Headroom.Bytes)) is { } problem)
            return new Outcome.Failed(problem);
        tablespaces.MakeRoom();
        context.Files.WritePassFiles();
        using var flush = new Flushes(tablespaces.Roots.Prepend(unfinished));
        var made = await make(source, new CopyPlace(unfinished, kept));
        if (made.Failure is not null)
        {
            Remove(unfinished);
            return made;
        }
        await flush.RunAsync();
        context.Observer.RememberEnd(null);
        await Task.Factory.StartNew(
            () => Replace(unfinished), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        tablespaces.Done();
        context.Files.StartAsStandby(true);
        context.Files.Write(new AssignedRole(member.Name, SynchronousSet.Nobody));
        return Outcome.Success;
    }

    /// <summary>Of the source, and that a copy of them here overwrites nothing but this member's.</summary>
    private async Task<Outcome<CopiedTablespaces>> TablespacesAsync(
        Source source, MemberSpec member, TimeSpan limit, CancellationToken cancellation)
    {
        var read = await source.TablespacesAsync(limit, cancellation);
        if (!read.TryGet(out var tablespaces))
            return new Outcome<CopiedTablespaces>.Failed(read.Failure!);
        var copied = new CopiedTablespaces(Settings, tablespaces);
        return copied.WhyNot(member) is { } problem
            ? new Outcome<CopiedTablespaces>.Failed(problem)
            : new Outcome<CopiedTablespaces>.Done(copied);
    }

    /// <summary>A line such as "  23187/31026 kB (74%), 0/1 tablespace".</summary>
    internal static CloneProgress? ParseProgress(string line)
    {
        var match = ProgressPattern().Match(line);
        return match.Success
            ? new CloneProgress(Kilobytes(match.Groups[1].ValueSpan), Kilobytes(match.Groups[2].ValueSpan))
            : null;
    }

    private ToolRun RewindTool(Source source) =>
        new(Settings.Account, Settings.Binaries.Tool("pg_rewind"),
            [
                "--target-pgdata=" + Settings.DataDirectory, "--no-sync",
                "--source-server=" + source.ConnInfo(InstanceSettings.Superuser, "postgres"),
            ],
            MemberPaths.ToolPassFile(Settings));

    private async Task<string?> CopyAsync(
        Source source,
        string directory,
        IProgress<CloneProgress> progress,
        TimeSpan limit,
        CancellationToken cancellation)
    {
        var run = new ToolRun(Settings.Account, Settings.Binaries.Tool("pg_basebackup"),
            [
                "--pgdata=" + directory, "--wal-method=stream", "--checkpoint=fast", "--progress", "--no-password",
                "--no-sync",
                "--dbname=" + source.ConnInfo(InstanceSettings.ReplicationRole, "replication"),
            ],
            MemberPaths.ToolPassFile(Settings),
            line =>
            {
                if (ParseProgress(line) is { } step)
                    progress.Report(step);
            });
        return (await run.RunAsync(limit, cancellation)).Complaint;
    }

    /// <summary>
    /// Leftovers of an earlier clone go. The present directory goes first only if there is no room for both: its
    /// source has just answered, so it is not the last copy.
    /// </summary>
    private Problem? MakeRoom(string unfinished, ByteSize needed)
    {
        Remove(unfinished);
        var free = Free();
        if (free < needed && Directory.Exists(Settings.DataDirectory))
        {
            var present = new DirectoryInfo(Settings.DataDirectory)
                .EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            if (free.Bytes + present < needed.Bytes)
                return Problems.NoSpace("the clone", needed, free);
            Remove(Settings.DataDirectory);
        }
        else if (free < needed)
            return Problems.NoSpace("the clone", needed, free);
        Settings.Account.CreateDirectory(unfinished, ServerFiles.OwnerDirectory);
        return null;
    }

    private void Replace(string unfinished)
    {
        var replaced = MemberPaths.Replaced(Settings);
        if (Directory.Exists(Settings.DataDirectory))
        {
            Remove(replaced);
            Directory.Move(Settings.DataDirectory, replaced);
        }
        Directory.Move(unfinished, Settings.DataDirectory);
        AtomicFile.SyncDirectory(Beside);
        Remove(replaced);
    }

    private ByteSize Free() => new(new DriveInfo(Beside).AvailableFreeSpace);

    /// <summary>Where a copy is made: an adopted server's data is not in the home.</summary>
    private string Beside => Path.GetDirectoryName(Settings.DataDirectory)!;

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private static ByteSize Kilobytes(ReadOnlySpan<char> digits) =>
        ByteSize.Kilobytes(long.Parse(digits, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^\s*(\d+)/(\d+) kB \(")]
    private static partial Regex ProgressPattern();
}

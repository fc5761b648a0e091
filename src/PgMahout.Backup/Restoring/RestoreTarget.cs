using System.Globalization;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Observation;

namespace PgMahout.Backup.Restoring;

/// <summary>
/// The directory that becomes a data directory. While it is not one yet it has no control file, without which no server
/// starts, and a mark that says what it is going to be.
/// </summary>
internal sealed class RestoreTarget(string directory, ulong systemIdentifier, ServerAccount owner)
{
    public const string UnfinishedEnding = ".new";

    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private string Mark => Path.Combine(directory, DataPath.RestoreMark);

    private string Control => Path.Combine(directory, DataPath.Control);

    private string MarkText => systemIdentifier.ToString("x16", CultureInfo.InvariantCulture) + "\n";

    /// <summary>Refuses a directory that holds anything else than an earlier state of the same cluster.</summary>
    public void RequireUsable()
    {
        if (!Directory.Exists(directory) || !Directory.EnumerateFileSystemEntries(directory).Any())
            return;
        if (AtomicFile.ReadIfPresent(Mark) is { } mark)
        {
            if (mark != MarkText)
                throw Refused("an unfinished restore of another cluster");
            return;
        }
        if (ControlFile.Read(directory) is not { } control)
            throw Refused("something that is no data directory");
        if (control.SystemIdentifier != systemIdentifier)
            throw Refused($"a cluster with the system identifier {control.SystemIdentifier}");
        if (IsRunning())
            throw Refused("a running server");
    }

    /// <summary>From here on it is no data directory any more, and can be nothing else than this restore's.</summary>
    public void Begin()
    {
        if (!Directory.Exists(directory))
            Directory.CreateDirectory(directory, DirectoryMode);
        owner.TakeOwnership(directory);
        File.SetUnixFileMode(directory, DirectoryMode);
        AtomicFile.Write(Mark, MarkText, owner);
        if (!File.Exists(Control))
            return;
        File.Delete(Control);
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Control)!);
    }

    /// <summary>Everything else is on disk, and the control file was just written under its other name.</summary>
    public void Finish()
    {
        AtomicFile.Sync(Control + UnfinishedEnding);
        File.Move(Control + UnfinishedEnding, Control);
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Control)!);
        AtomicFile.Remove(Mark);
    }

    private bool IsRunning()
    {
        var pid = AtomicFile.ReadIfPresent(Path.Combine(directory, "postmaster.pid"))?.Split('\n')[0];
        return pid is not null && int.TryParse(pid, CultureInfo.InvariantCulture, out var number)
            && Directory.Exists($"/proc/{number}");
    }

    private WorkFailedException Refused(string what) => new(new Problem(
        "restore-refused",
        $"{directory} was not restored into",
        $"it holds {what}",
        "nothing was changed",
        "name an empty directory, or the data directory of a stopped member of this cluster"));
}

using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Recovering;

/// <summary>What tells a server on a restored directory to recover: two files beside its data.</summary>
public static class RecoveryFiles
{
    private const string Settings = "postgresql.auto.conf";
    private const string Signal = "recovery.signal";
    private const string FollowingSignal = "standby.signal";

    // A server whose configuration lies elsewhere has none of these beside its data, and starts with empty ones.
    private static readonly string[] Needed = ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"];

    public static Outcome Write(
        string data, IEnumerable<(string Name, string Value)> settings, ServerAccount owner)
    {
        try
        {
            foreach (var file in Needed.Select(name => Path.Combine(data, name)).Where(file => !File.Exists(file)))
                AtomicFile.Write(file, "# made by pgmahout: there was none beside the data\n", owner);
            var path = Path.Combine(data, Settings);
            var text = RecoveryConfiguration.Append(AtomicFile.ReadIfPresent(path) ?? "", settings);
            AtomicFile.Write(path, text, owner);
            AtomicFile.Write(Path.Combine(data, Signal), "", owner);
            AtomicFile.Remove(Path.Combine(data, FollowingSignal));
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(data, e.Message);
        }
    }

    /// <summary>After recovery: what was told for it goes, so that the server is as any other.</summary>
    public static Outcome Clear(string data, ServerAccount owner)
    {
        try
        {
            var path = Path.Combine(data, Settings);
            AtomicFile.Write(path, RecoveryConfiguration.Remove(AtomicFile.ReadIfPresent(path) ?? ""), owner);
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(data, e.Message);
        }
    }

    /// <summary>
    /// A copy beside a cluster, or on another machine, wants nothing of the home of the member that was backed up:
    /// neither its place for logs, nor its certificates.
    /// </summary>
    public static Outcome StandAlone(string data, ServerAccount owner)
    {
        try
        {
            var path = Path.Combine(data, Settings);
            AtomicFile.Write(
                path,
                (AtomicFile.ReadIfPresent(path) ?? "")
                + "# made by pgmahout: a copy that stands alone\nlog_directory = 'log'\nssl = off\n",
                owner);
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(data, e.Message);
        }
    }

    /// <summary>
    /// The timeline that the recovery begins gets <paramref name="number"/>: no server that was ever promoted, archived
    /// or not, has another history under it.
    /// </summary>
    public static Outcome ReserveTimeline(string data, TimelineId number, ServerAccount owner)
    {
        try
        {
            TimelineNumbers.Reserve(data, number, owner);
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(data, e.Message);
        }
    }

    /// <summary>
    /// Of a server that has recovered and stopped there: it can go on as a standby, along the history that ends on
    /// <paramref name="newest"/>, whatever numbers of timelines were never used below that.
    /// </summary>
    public static Outcome BecomeStandby(string data, TimelineId newest, ServerAccount owner)
    {
        var cleared = Clear(data, owner);
        if (cleared.Failure is not null)
            return cleared;
        try
        {
            AtomicFile.Remove(Path.Combine(data, Signal));
            AtomicFile.Write(Path.Combine(data, FollowingSignal), "", owner);
            TimelineNumbers.Reserve(data, newest, owner);
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(data, e.Message);
        }
    }

    /// <summary>Says, durably, that a restore in place has begun.</summary>
    public static Outcome Mark(string path, string text, ServerAccount owner)
    {
        try
        {
            AtomicFile.Write(path, text, owner);
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome.Failed(Problems.Files("beginning a restore in place", e.Message));
        }
    }

    /// <summary>
    /// Of a stopped standby whose leader is taken back in time: it comes up as nothing until it has seen the new
    /// history, so that nobody ever promotes the old one.
    /// </summary>
    public static Outcome AwaitLeader(string data)
    {
        try
        {
            if (Directory.Exists(data))
                AtomicFile.Remove(Path.Combine(data, FollowingSignal));
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(data, e.Message);
        }
    }

    private static Outcome.Failed Failed(string data, string why) => new(new Problem(
        "restore-write",
        $"the settings of the recovery could not be written into {data}",
        why,
        "the files of the backup are in place; the same restore can be run again, and goes on",
        "look at the space and the owner of the directory"));
}

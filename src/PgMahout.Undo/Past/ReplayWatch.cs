using System.Text.RegularExpressions;
using PgMahout.Postgres;

namespace PgMahout.Undo.Past;

/// <summary>
/// Reads the log of a replay that was told to pass over pages it cannot find. That is right for files that are holes;
/// of a file that was restored, it would mean that the backup or the WAL is damaged.
/// </summary>
internal sealed partial class ReplayWatch(Func<string, bool> only)
{
    private string? _missing;

    /// <summary>Null while all is well.</summary>
    public Problem? Problem => Volatile.Read(ref _missing) is { } line
        ? new Problem(
            UndoProblems.UnsoundCode, "the restored files and the WAL do not fit together", line,
            "the cluster is untouched", "pgmahout backup verify")
        : null;

    /// <summary>One line of the log; from any thread.</summary>
    public void Read(string line)
    {
        if (InvalidPage().Match(line) is { Success: true, Groups: var groups } && only(groups["path"].Value))
            Interlocked.CompareExchange(ref _missing, line, null);
    }

    [GeneratedRegex(@"page \d+ of relation (?<path>[a-zA-Z0-9_./]+) (is uninitialized|does not exist)")]
    private static partial Regex InvalidPage();
}

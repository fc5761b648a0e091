using System.Collections.Immutable;

namespace PgMahout.Drills;

/// <summary>What the clients of a proxy saw during a run. Times are milliseconds on the clock of the run.</summary>
/// <param name="CommitsMs">For each client, when its commits were confirmed, in order.</param>
public sealed record CrowdReport(
    int Clients, ImmutableArray<CrowdError> Errors, ImmutableArray<ImmutableArray<double>> CommitsMs)
{
    /// <summary>
    /// For each client the longest time between two of its commits, of those that ended after the fault.
    /// </summary>
    public IEnumerable<double> Waits(DrillRecording run) => CommitsMs.Select(commits =>
    {
        var (longest, before) = (0.0, commits.LastOrDefault(at => at < run.FaultMs, run.FaultMs));
        foreach (var at in commits.Where(at => at >= run.FaultMs).Append(run.EndMs))
            (longest, before) = (Math.Max(longest, at - before), at);
        return Math.Round(longest, 1);
    });
}

/// <summary>An error that a client was told, or found.</summary>
/// <param name="Text">Its SQLSTATE, if it has one, and what it says.</param>
public sealed record CrowdError(double AtMs, CrowdErrorKind Kind, string Text);

public enum CrowdErrorKind
{
    /// <summary>No transaction was under way: the client could have waited.</summary>
    Avoidable,

    /// <summary>A transaction was under way, and the client knows that it did not commit.</summary>
    RolledBack,

    /// <summary>A commit was under way, and the client was told that nobody knows what became of it.</summary>
    Doubtful,
}

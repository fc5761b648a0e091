using System.Collections.Immutable;

namespace PgMahout.Drills;

/// <summary>
/// Who writes during a run, and remembers what was confirmed. Times are milliseconds since it was made.
/// </summary>
internal interface IDrillWriter
{
    double NowMs { get; }

    ImmutableArray<Acknowledgement> Acknowledged { get; }

    ImmutableArray<double> FailuresMs { get; }

    /// <summary>When a primary was found, each time one was looked for.</summary>
    ImmutableArray<double> FoundMs { get; }

    Acknowledgement? Last { get; }

    /// <summary>What each of many clients saw; null where there is one.</summary>
    CrowdReport? Crowd { get; }

    /// <summary>Writes until it is told to stop.</summary>
    Task RunAsync(CancellationToken stopping);

    /// <summary>
    /// Keeps trying to write on one server, whatever becomes of the others. Ends when that server fails it.
    /// </summary>
    Task ProbeAsync(CanaryConnection connection, CancellationToken stopping);
}

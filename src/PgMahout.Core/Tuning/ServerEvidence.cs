using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>What a running server counted, and what it was set to meanwhile.</summary>
/// <param name="Over">For how long it has counted.</param>
/// <param name="BackendBuffers">Written by those who wanted to do something else.</param>
/// <param name="AllBuffers">Written by anybody.</param>
/// <param name="TemporaryBytes">In all of <paramref name="TemporaryFiles"/> together.</param>
/// <param name="OverdueTables">With more dead rows than autovacuum should leave, and no worker on them.</param>
/// <param name="BusyVacuumWorkers">At this moment.</param>
public sealed record ServerEvidence(
    TimeSpan Over,
    long TimedCheckpoints,
    long RequestedCheckpoints,
    long BackendBuffers,
    long AllBuffers,
    long TemporaryFiles,
    ByteSize TemporaryBytes,
    int Connections,
    int IdleConnections,
    int OverdueTables,
    int BusyVacuumWorkers);

/// <summary>The settings that evidence is judged against.</summary>
/// <param name="VacuumCostLimit">-1 for PostgreSQL's 200.</param>
public sealed record EvidenceSettings(
    ByteSize MaxWalSize, ByteSize WorkMemory, int MaxConnections, int VacuumWorkers, int VacuumCostLimit);

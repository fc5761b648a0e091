using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>The stable name of what a server's own counters show.</summary>
public enum EvidenceRule
{
    CheckpointsForced,
    SortsOnDisk,
    BackendsWrite,
    VacuumBehind,
    ConnectionsIdle,
}

/// <summary>Something that the formula cannot know and the running server shows.</summary>
/// <param name="Text">What was counted and what it means, with the figures.</param>
/// <param name="Setting">Null when no setting mends it.</param>
/// <param name="Advised">A value to try; null with <paramref name="Setting"/>.</param>
/// <param name="Next">What to do where it is not a setting of the server.</param>
public sealed record EvidenceFinding(EvidenceRule Rule, string Text, string? Setting, string? Advised, string Next);

/// <summary>What a server's counters say about its settings. Too little to judge is no finding.</summary>
public static class EvidenceRules
{
    private static readonly TimeSpan Enough = TimeSpan.FromMinutes(30);
    private const int FewCheckpoints = 5;
    private const int FewFiles = 50;
    private const long FewBuffers = 10_000;
    private const int FewConnections = 20;
    private const int BackendShare = 20;
    private const int IdleShare = 80;
    private const int VacuumCostLimit = 1000;
    private const string Trial = "pgmahout tune --measure";

    /// <param name="most">The largest <c>max_wal_size</c> that the WAL volume allows; null when it is not
    /// known.</param>
    public static ImmutableArray<EvidenceFinding> Judge(
        ServerEvidence seen, EvidenceSettings settings, ByteSize? most) =>
        seen.Over < Enough
            ? []
            :
            [
                .. Forced(seen, settings, most), .. OnDisk(seen, settings), .. BackendsWrite(seen),
                .. VacuumBehind(seen, settings), .. Idle(seen, settings),
            ];

    private static IEnumerable<EvidenceFinding> Forced(
        ServerEvidence seen, EvidenceSettings settings, ByteSize? most)
    {
        if (seen.RequestedCheckpoints <= seen.TimedCheckpoints || seen.RequestedCheckpoints < FewCheckpoints)
            yield break;
        var text = $"{seen.RequestedCheckpoints} checkpoints were forced, most by WAL reaching max_wal_size "
            + $"({settings.MaxWalSize}), and {seen.TimedCheckpoints} came by time: each forced one writes pages again";
        var doubled = new ByteSize(settings.MaxWalSize.Bytes * 2);
        yield return doubled > most
            ? new EvidenceFinding(
                EvidenceRule.CheckpointsForced, text, null, null, $"a larger WAL volume: {most} is all that fits")
            : new EvidenceFinding(
                EvidenceRule.CheckpointsForced, text, "max_wal_size", MemoryText.Of(doubled.Bytes >> 10), Trial);
    }

    private static IEnumerable<EvidenceFinding> OnDisk(ServerEvidence seen, EvidenceSettings settings)
    {
        if (seen.TemporaryFiles < FewFiles)
            yield break;
        var each = new ByteSize(seen.TemporaryBytes.Bytes / seen.TemporaryFiles);
        var wanted = new ByteSize(RoundUp(each.Bytes + settings.WorkMemory.Bytes));
        var perHour = (seen.TemporaryFiles / seen.Over.TotalHours).ToString("0.#", CultureInfo.InvariantCulture);
        yield return new EvidenceFinding(
            EvidenceRule.SortsOnDisk,
            $"{seen.TemporaryFiles} sorts and hashes went to disk ({perHour} an hour, {each} each), because they did "
            + $"not fit into work_mem ({settings.WorkMemory})",
            "work_mem", MemoryText.Of(wanted.Bytes >> 10),
            $"ALTER ROLE name SET work_mem = '{MemoryText.Of(wanted.Bytes >> 10)}' where few do it");
    }

    private static IEnumerable<EvidenceFinding> BackendsWrite(ServerEvidence seen)
    {
        if (seen.AllBuffers < FewBuffers || seen.BackendBuffers * 100 < seen.AllBuffers * BackendShare)
            yield break;
        yield return new EvidenceFinding(
            EvidenceRule.BackendsWrite,
            $"{100 * seen.BackendBuffers / seen.AllBuffers} % of {seen.AllBuffers} pages were written by clients' own "
            + "processes, which wait meanwhile",
            "bgwriter_lru_maxpages", "400", "or more shared_buffers: " + Trial);
    }

    private static IEnumerable<EvidenceFinding> VacuumBehind(ServerEvidence seen, EvidenceSettings settings)
    {
        if (seen.OverdueTables == 0 || seen.BusyVacuumWorkers < settings.VacuumWorkers)
            yield break;
        var text = $"all {settings.VacuumWorkers} autovacuum workers are busy and {seen.OverdueTables} tables wait";
        yield return settings.VacuumCostLimit >= VacuumCostLimit
            ? new EvidenceFinding(
                EvidenceRule.VacuumBehind, text, "autovacuum_max_workers",
                MemoryText.Number(settings.VacuumWorkers + 2), Trial)
            : new EvidenceFinding(
                EvidenceRule.VacuumBehind, text, "autovacuum_vacuum_cost_limit",
                MemoryText.Number(VacuumCostLimit), Trial);
    }

    private static IEnumerable<EvidenceFinding> Idle(ServerEvidence seen, EvidenceSettings settings)
    {
        if (seen.Connections < FewConnections
            || seen.IdleConnections * 100 < seen.Connections * IdleShare
            || seen.Connections * 2 < settings.MaxConnections)
            yield break;
        yield return new EvidenceFinding(
            EvidenceRule.ConnectionsIdle,
            $"{seen.IdleConnections} of {seen.Connections} connections do nothing; {settings.MaxConnections} may be",
            null, null, "a connection pooler before the server, not more connections");
    }

    private static long RoundUp(long bytes)
    {
        var size = 1L << 20;
        while (size < bytes)
            size *= 2;
        return size;
    }
}

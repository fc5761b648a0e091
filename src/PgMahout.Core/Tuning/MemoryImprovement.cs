using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

/// <summary>
/// Cuts what can be cut without harm, in the order of harm: what maintenance may take, then what a sort may take. What
/// does not fit then has too many connections for its memory, and says so.
/// </summary>
internal static class MemoryImprovement
{
    private const long LeastMaintenance = 16 * KilobytesPerMegabyte;
    private const long LeastWork = KilobytesPerMegabyte;
    private const int DefaultParallelWorkers = 8;

    public static TuningDraft Fit(TuningDraft draft) => FitWork(FitMaintenance(draft));

    private static TuningDraft FitMaintenance(TuningDraft draft)
    {
        if (Excess(draft) <= 0)
            return draft;
        foreach (var name in (string[])["maintenance_work_mem", "autovacuum_work_mem"])
        {
            var before = draft.Memory(name);
            var least = Math.Min(before, Math.Max(LeastMaintenance, (draft.Part.Memory.Bytes >> 20) / 32 * 1024));
            if (before > least)
                draft = draft.With(TuningRule.FitMemory, name, Of(least), Reason(draft, Of(before)));
        }
        return draft;
    }

    private static TuningDraft FitWork(TuningDraft draft)
    {
        var excess = Excess(draft);
        if (excess <= 0)
            return draft;
        var before = draft.Memory("work_mem");
        var sorts = draft.Clients + draft.Count("max_parallel_workers", DefaultParallelWorkers);
        var fitting = Math.Max(LeastWork, before - (excess + sorts - 1) / sorts);
        return fitting >= before ? draft : draft.With(
            TuningRule.FitMemory, "work_mem", Of(fitting), Reason(draft, Of(before)));
    }

    private static string Reason(TuningDraft draft, string before) =>
        $"with {before}, {draft.Clients} connections at once would take "
        + $"{MemoryEnvelope.Of(draft.Settings).Total} of {MemoryEnvelope.Budget(draft.Part)}";

    private static long Excess(TuningDraft draft) =>
        (MemoryEnvelope.Of(draft.Settings).Total.Bytes - MemoryEnvelope.Budget(draft.Part).Bytes + 1023) / 1024;
}

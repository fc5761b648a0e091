using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

internal static class AutovacuumImprovements
{
    private const int DefaultWorkers = 3;
    private const int PartOfMemory = 8;

    // Before 17 a vacuum cannot use more.
    private const long MostKilobytes = KilobytesPerGigabyte;
    private const long LeastKilobytes = 16 * KilobytesPerMegabyte;

    public static TuningDraft Workers(TuningDraft draft)
    {
        var workers = draft.Part.Processors switch { >= 32 => 5, >= 16 => 4, _ => DefaultWorkers };
        return workers == DefaultWorkers ? draft : draft.With(
            TuningRule.AutovacuumWorkers, "autovacuum_max_workers", Number(workers),
            $"{draft.Part.Processors} processors; the default is {DefaultWorkers}");
    }

    public static TuningDraft Memory(TuningDraft draft)
    {
        var workers = draft.Count("autovacuum_max_workers", DefaultWorkers);
        var share = (draft.Part.Memory.Bytes >> 20) / PartOfMemory / workers * KilobytesPerMegabyte;
        var most = Math.Min(MostKilobytes, draft.Memory("maintenance_work_mem"));
        var each = Math.Clamp(share, Math.Min(LeastKilobytes, most), most);
        return draft.With(
            TuningRule.AutovacuumMemory, "autovacuum_work_mem", Of(each),
            $"{workers} workers share one eighth of {draft.Part.Memory}; unset, each takes maintenance_work_mem");
    }
}

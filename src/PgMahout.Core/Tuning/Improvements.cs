using System.Collections.Immutable;
using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

/// <summary>
/// What a cluster needs beyond the classic formula, one named rule after the other. A rule leaves alone what it has
/// nothing to say about, so that whatever it does not name stays classic.
/// </summary>
internal static class Improvements
{
    private const int DefaultWorkers = 8;
    private const int DefaultGather = 2;
    private const long DefaultWorkMemory = 4 * KilobytesPerMegabyte;
    private const int ReservedConnections = 5;

    /// <summary>In the order in which they are applied: fitting into memory comes last.</summary>
    public static readonly ImmutableArray<Func<TuningDraft, TuningDraft>> All =
    [
        UnaskedConnections, KeepDefaultWorkers, FewWorkersForShortQueries, KeepDefaultWorkMemory, DataInMemory,
        ReadingImprovements.ReadAhead, UseHugePages, NoJitForShortQueries, CompressWal, CompressLargeValues,
        AutovacuumImprovements.Workers, AutovacuumImprovements.Memory, ReadingImprovements.AsynchronousReads,
        ReserveForKeepers, WalImprovement.BoundByDisk, MemoryImprovement.Fit,
    ];

    private static TuningDraft UnaskedConnections(TuningDraft draft)
    {
        if (draft.Question.Connections is not null)
            return draft;
        var reason = draft.Clients == TuningPlan.DefaultConnections
            ? "PostgreSQL's default; every connection above it costs memory on every member"
            : $"one for each 12 MB of the {draft.Part.Memory} that a member has; more clients need a pooler";
        return draft.With(TuningRule.DefaultConnections, "max_connections", Number(draft.Clients), reason);
    }

    private static TuningDraft KeepDefaultWorkers(TuningDraft draft) =>
        draft.Count("max_worker_processes", 0) >= DefaultWorkers ? draft : draft.With(
            TuningRule.KeepDefaultWorkers, "max_worker_processes", Number(DefaultWorkers),
            $"PostgreSQL's default, so that no standby allows fewer; {draft.Before("max_worker_processes")}");

    private static TuningDraft FewWorkersForShortQueries(TuningDraft draft)
    {
        const string Name = "max_parallel_workers_per_gather";
        if (draft.Workload is not (WorkloadType.Web or WorkloadType.Oltp))
            return draft;
        if (draft.Part.Processors == 1)
            return draft.With(
                TuningRule.ShortQueriesFewWorkers, Name, "0", "a second process gains nothing on a single processor");
        return draft.Count(Name, DefaultGather) <= DefaultGather ? draft : draft.With(
            TuningRule.ShortQueriesFewWorkers, Name, Number(DefaultGather),
            $"{draft.Clients} clients use {draft.Part.Processors} processors by themselves; {draft.Before(Name)}");
    }

    private static TuningDraft KeepDefaultWorkMemory(TuningDraft draft) =>
        draft.Memory("work_mem") >= DefaultWorkMemory ? draft : draft.With(
            TuningRule.KeepDefaultWorkMemory, "work_mem", Of(DefaultWorkMemory),
            $"PostgreSQL's default; {draft.Before("work_mem")}");

    private static TuningDraft DataInMemory(TuningDraft draft) =>
        draft.Question.Size != DatabaseSize.LessThanMemory || draft.Find("random_page_cost")!.Value == "1.1"
            ? draft
            : draft.With(
                TuningRule.DataInMemory, "random_page_cost", "1.1",
                $"the databases are smaller than {draft.Question.Machine.Memory}; {draft.Before("random_page_cost")}");

    private static TuningDraft UseHugePages(TuningDraft draft)
    {
        var shared = draft.Memory("shared_buffers");
        if (draft.Part.HugePages is { Limit: { } limit } && limit.Bytes / 1024 < shared)
            return draft.With(
                TuningRule.HugePages, "huge_pages", "off",
                $"the control group allows {limit} of them, less than shared_buffers: a server using them is killed");
        var kernel = draft.Part.HugePages switch
        {
            null => "what the kernel has is not known",
            { Total: 0 } => "the kernel has set none aside, so ordinary pages are used",
            var pages => $"the kernel has {pages.Free} of {pages.PageSize} free",
        };
        return draft.With(TuningRule.HugePages, "huge_pages", "try", $"taken where they are to be had; {kernel}");
    }

    private static TuningDraft NoJitForShortQueries(TuningDraft draft) => !draft.HasShortQueries ? draft : draft.With(
        TuningRule.ShortQueriesWithoutJit, "jit", "off",
        $"on {ClassicTuning.Title(draft.Workload)} compiling takes longer than it saves");

    private static TuningDraft CompressWal(TuningDraft draft)
    {
        const string Name = "wal_compression";
        return draft.Question.Server.Accepts(Name, "lz4")
            ? draft.With(TuningRule.CompressWal, Name, "lz4", "page images take less WAL; this server has lz4")
            : draft.With(TuningRule.CompressWal, Name, "on", WithoutLz4(draft.Major));
    }

    private static string WithoutLz4(int major) => major < 15
        ? "page images take less WAL; methods can be chosen from version 15 on"
        : "page images take less WAL; lz4 was not seen to be in this server's build";

    private static TuningDraft CompressLargeValues(TuningDraft draft) =>
        !draft.Question.Server.Accepts("default_toast_compression", "lz4") ? draft : draft.With(
            TuningRule.CompressLargeValues, "default_toast_compression", "lz4",
            "for values stored from now on; this server has lz4");

    private static TuningDraft ReserveForKeepers(TuningDraft draft) => draft.With(
        TuningRule.ReserveForKeepers, "superuser_reserved_connections", Number(ReservedConnections),
        $"the agent's two and an operator's, of {draft.Clients}");
}

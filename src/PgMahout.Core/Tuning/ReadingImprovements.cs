using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

/// <summary>How many reads a server has under way, and who does them.</summary>
internal static class ReadingImprovements
{
    private const int Asynchronous = 18;
    private const int DefaultIoWorkers = 3;
    private const int MostIoWorkers = 32;
    private const int ProcessorsPerIoWorker = 4;

    public static TuningDraft ReadAhead(TuningDraft draft)
    {
        const string Name = "effective_io_concurrency";
        var storage = ClassicTuning.Title(draft.Part.Storage);
        if (draft.Major >= Asynchronous)
            return draft.With(
                TuningRule.ReadAhead, Name, WithAsynchronousReads(draft.Part.Storage),
                $"on {storage}; since 18 each of them is up to 128 kB, the default is 16; {draft.Before(Name)}");
        return draft.Part.Storage == StorageType.Nvme
            ? draft.With(TuningRule.ReadAhead, Name, "1000", $"{storage} serves many at once; {draft.Before(Name)}")
            : draft;
    }

    public static TuningDraft AsynchronousReads(TuningDraft draft)
    {
        if (draft.Major < Asynchronous)
            return draft;
        if (draft.Question.Server.Accepts("io_method", "io_uring"))
            return draft.With(
                TuningRule.AsynchronousReads, "io_method", "io_uring", "a server was started with it on this machine");
        var workers = Math.Clamp(draft.Part.Processors / ProcessorsPerIoWorker, DefaultIoWorkers, MostIoWorkers);
        return draft
            .With(TuningRule.AsynchronousReads, "io_method", "worker", "io_uring was not seen to work with this server")
            .With(
                TuningRule.AsynchronousReads, "io_workers", Number(workers),
                $"a quarter of {draft.Part.Processors} processors, at least {DefaultIoWorkers}");
    }

    private static string WithAsynchronousReads(StorageType storage) => storage switch
    {
        StorageType.Hdd => "16",
        StorageType.Ssd => "64",
        StorageType.San or StorageType.Nvme => "128",
    };
}

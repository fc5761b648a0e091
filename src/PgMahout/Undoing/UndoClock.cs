using PgMahout.Undo.Past;

namespace PgMahout.Undoing;

/// <summary>How long the parts of an undo took.</summary>
internal sealed class UndoClock
{
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private TimeSpan _found;
    private TimeSpan _ready;
    private PastMeasure? _past;

    public TimeSpan Total { get; private set; }

    private TimeSpan Now => TimeProvider.System.GetElapsedTime(_started);

    public UndoSecondsDocument Document => new(
        Seconds(_found), Seconds(_past!.Files), Seconds(_past.Wal), Seconds(_past.Replay), Seconds(Total - _ready),
        Seconds(Total));

    public void Found() => _found = Now;

    public void Ready(PastMeasure past)
    {
        _past = past;
        _ready = Now;
    }

    public void Returned() => Total = Now;

    private static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 3);
}

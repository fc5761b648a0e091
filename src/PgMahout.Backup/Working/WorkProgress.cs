namespace PgMahout.Backup.Working;

/// <summary>How far a backup, a restore or a check is. Written by its threads, read by anybody at any time.</summary>
public sealed class WorkProgress
{
    private long _done;
    private long _total;
    private long _stored;

    /// <summary>Bytes read of the data directory, or written to it.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Zero until it is known.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Bytes put into the repository, or read from it.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    /// <summary>One of a few words: <c>starting</c>, <c>copying</c>, <c>waiting for WAL</c>.</summary>
    public string Step { get; private set; } = "starting";

    internal void Expect(long total) => Interlocked.Exchange(ref _total, total);

    internal void Add(long done) => Interlocked.Add(ref _done, done);

    internal void AddStored(long stored) => Interlocked.Add(ref _stored, stored);

    /// <summary>Called for each step, on the thread that takes it.</summary>
    internal event Action<string>? Entered;

    internal void Enter(string step)
    {
        Step = step;
        Entered?.Invoke(step);
    }
}

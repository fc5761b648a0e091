using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>Tries to store until it is done: only what the repository has said to have is ever confirmed.</summary>
internal sealed class PatientStore(ArchiverSettings settings, TimeProvider time, ArchiveBoard board)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    // The slowest repository that counts as one that works.
    private const double LeastBytesPerSecond = 8 << 20;

    private readonly Lock _lock = new();
    private readonly List<Attempt> _underWay = [];
    private long? _failingSince;
    private Problem? _cause;

    /// <param name="bytes">What is stored; a large object may take longer before it counts as stuck.</param>
    /// <param name="isWanted">Asked between attempts; null: to the end.</param>
    /// <returns>False when it was no longer wanted.</returns>
    public async Task<bool> UntilDoneAsync(
        int bytes, Func<CancellationToken, Task<Outcome>> store, Func<bool>? isWanted, CancellationToken cancellation)
    {
        var pause = FirstPause;
        while (isWanted?.Invoke() ?? true)
        {
            if (await TryAsync(bytes, store, cancellation) is not { } problem)
                return true;
            board.Failed(ArchiveState.RepositoryFailing, problem);
            await Task.Delay(pause, time, cancellation);
            pause = pause * 2 < settings.LongestPause ? pause * 2 : settings.LongestPause;
        }
        return false;
    }

    /// <summary>For how long nothing was stored that should have been; zero when all is well.</summary>
    public TimeSpan Trouble
    {
        get
        {
            lock (_lock)
            {
                var trouble = _failingSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
                foreach (var attempt in _underWay)
                {
                    var late = time.GetElapsedTime(attempt.Began) - attempt.Allowed;
                    trouble = late > trouble ? late : trouble;
                }
                return trouble;
            }
        }
    }

    /// <summary>Why storing failed last; null when it did not, or when nothing has answered yet.</summary>
    public Problem? Cause
    {
        get
        {
            lock (_lock)
                return _cause;
        }
    }

    private async Task<Problem?> TryAsync(
        int bytes, Func<CancellationToken, Task<Outcome>> store, CancellationToken cancellation)
    {
        var attempt = new Attempt(time.GetTimestamp(), TimeSpan.FromSeconds(bytes / LeastBytesPerSecond));
        lock (_lock)
            _underWay.Add(attempt);
        Problem? problem = null;
        try
        {
            problem = (await store(cancellation)).Failure;
        }
        finally
        {
            lock (_lock)
            {
                _underWay.Remove(attempt);
                if (problem is null && _failingSince is not null)
                    board.Well();
                _cause = problem;
                _failingSince = problem is null ? null : _failingSince ?? attempt.Began;
            }
        }
        return problem;
    }

    private sealed record Attempt(long Began, TimeSpan Allowed);
}

namespace PgMahout.Store.Sqlite;

/// <summary>
/// The one thread that talks to the database, so that a disk which does not answer holds up this thread and no other:
/// callers stop waiting at their limit. Work is done in the order in which it was posted.
/// </summary>
internal sealed class SqliteThread(string name, Action closing) : IAsyncDisposable
{
    private const int StackBytes = 256 * 1024;

    /// <summary>What a caller waits beyond its limit, so that SQLite's own reason for giving up comes first.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ClosingLimit = TimeSpan.FromSeconds(2);

    private readonly Queue<Action> _work = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private bool _stopping;

    /// <summary>Does <paramref name="work"/> on the thread, handing it the time that is left of the limit.</summary>
    /// <param name="unanswered">The result at the limit; told whether the work had begun.</param>
    /// <param name="limit">Counted from now; what is not positive leaves no time to wait for anything.</param>
    public async Task<T> RunAsync<T>(
        Func<TimeSpan, T> work, Func<bool, T> unanswered, TimeSpan limit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var job = new Job<T>(work, limit);
        var patience = Grace + (limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
        ObjectDisposedException.ThrowIf(!TryPost(job.Run), this);
        try
        {
            return await job.Answer.WaitAsync(patience, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The answer may have come in this very moment.
            return job.Answer.IsCompleted ? await job.Answer.ConfigureAwait(false) : unanswered(!job.Withdraw());
        }
        catch (OperationCanceledException)
        {
            job.Withdraw();
            throw;
        }
    }

    /// <summary>False once the thread is ending. The work must not throw.</summary>
    public bool TryPost(Action work)
    {
        lock (_work)
        {
            if (_stopping)
                return false;
            _work.Enqueue(work);
            if (_thread is null)
            {
                _thread = new Thread(Loop, StackBytes) { IsBackground = true, Name = name };
                _thread.Start();
            }
            Monitor.Pulse(_work);
            return true;
        }
    }

    /// <summary>Lets posted work end, within a bound: a disk that hangs must not keep a process from ending.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_work)
        {
            _stopping = true;
            if (_thread is null)
                return;
            Monitor.Pulse(_work);
        }
        await Task.WhenAny(_ended.Task, Task.Delay(ClosingLimit)).ConfigureAwait(false);
    }

    private void Loop()
    {
        while (Next() is { } work)
            work();
        closing();
        _ended.SetResult();
    }

    private Action? Next()
    {
        lock (_work)
        {
            while (_work.Count == 0 && !_stopping)
                Monitor.Wait(_work);
            return _work.TryDequeue(out var work) ? work : null;
        }
    }

    private sealed class Job<T>(Func<TimeSpan, T> work, TimeSpan limit)
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly long _postedAt = TimeProvider.System.GetTimestamp();
        private int _claimed;

        public Task<T> Answer => _answer.Task;

        /// <summary>True when the work had not begun, and now never will.</summary>
        public bool Withdraw() => Interlocked.Exchange(ref _claimed, 1) == 0;

        public void Run()
        {
            if (Interlocked.Exchange(ref _claimed, 1) != 0)
                return;
            try
            {
                _answer.SetResult(work(limit - TimeProvider.System.GetElapsedTime(_postedAt)));
            }
#pragma warning disable CA1031 // Whatever broke is thrown where the work was asked for; this thread serves others.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                _answer.SetException(broken);
            }
        }
    }
}

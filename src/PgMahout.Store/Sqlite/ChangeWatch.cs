using System.Collections.Immutable;

namespace PgMahout.Store.Sqlite;

/// <summary>
/// Tells subscribers of changed records: at once by <see cref="ChangeSignal"/>, which inotify reports, and within
/// <see cref="PollEvery"/> if that went astray. Watches nothing while nobody listens.
/// </summary>
internal sealed class ChangeWatch(string signalPath, Action check) : IDisposable
{
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private ImmutableArray<Subscription> _subscriptions = [];
    private FileSystemWatcher? _inotify;
    private Timer? _poll;
    private long _announced;

    /// <param name="known">The newest change that the subscriber can know of; it will hear of every later one.</param>
    public IDisposable Subscribe(Action changed, long known)
    {
        var subscription = new Subscription(this, changed);
        lock (_lock)
        {
            _subscriptions = _subscriptions.Add(subscription);
            if (_subscriptions.Length == 1)
                Begin(known);
        }
        check();
        return subscription;
    }

    /// <summary>The newest change is <paramref name="revision"/>: calls the subscribers unless they know.</summary>
    public void Announce(long revision)
    {
        ImmutableArray<Subscription> subscriptions;
        lock (_lock)
        {
            if (revision == _announced)
                return;
            _announced = revision;
            subscriptions = _subscriptions;
        }
        foreach (var subscription in subscriptions)
            ThreadPool.UnsafeQueueUserWorkItem(static subscriber => subscriber.Call(), subscription, false);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _subscriptions = [];
            End();
        }
    }

    private void Begin(long known)
    {
        // Before any state was seen, a store without changes is what there is to know: an early call does no harm.
        _announced = Math.Max(known, 0);
        _poll = new Timer(static watch => ((ChangeWatch)watch!).PollNow(), this, PollEvery, PollEvery);
        _inotify = Inotify();
    }

    private void End()
    {
        _inotify?.Dispose();
        _inotify = null;
        _poll?.Dispose();
        _poll = null;
    }

    private void PollNow() => check();

    private FileSystemWatcher? Inotify()
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(Path.GetDirectoryName(signalPath)!, Path.GetFileName(signalPath))
            {
                NotifyFilter = NotifyFilters.LastWrite,
            };
            watcher.Changed += (_, _) => check();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // No directory, or no inotify watch left on this machine: the poll still hears of everything.
            watcher?.Dispose();
            return null;
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            _subscriptions = _subscriptions.Remove(subscription);
            if (_subscriptions.IsEmpty)
                End();
        }
    }

    private sealed class Subscription(ChangeWatch watch, Action changed) : IDisposable
    {
        private volatile bool _ended;

        public void Call()
        {
            if (!_ended)
                changed();
        }

        public void Dispose()
        {
            _ended = true;
            watch.Remove(this);
        }
    }
}

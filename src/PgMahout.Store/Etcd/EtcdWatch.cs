using System.Collections.Immutable;
using System.Net;
using System.Text.Json;

namespace PgMahout.Store.Etcd;

/// <summary>
/// Tells subscribers of changed records by one long answer of etcd. A connection can be silent because nothing changes
/// or because it is dead, and etcd's own signs of life come only every ten minutes: so the reads watch over it. The
/// stream is where reads are answered, and moves when they do; a read that shows a change of which the stream says
/// nothing ends it. While nobody reads, the watch does, every <see cref="Pulse"/>. Idle while nobody listens.
/// </summary>
internal sealed class EtcdWatch(EtcdEndpoints etcd, EtcdKeys keys, EtcdRecords records) : IAsyncDisposable
{
    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private const int MostDoublings = 5;

    private readonly Lock _lock = new();
    private ImmutableArray<Subscription> _subscriptions = [];
    private CancellationTokenSource? _ending;
    private Task _running = Task.CompletedTask;
    private long _announced;
    private int _failures;

    /// <summary>The subscriber knows what was read through this store; it will hear of every later change.</summary>
    public IDisposable Subscribe(Action changed)
    {
        var subscription = new Subscription(this, changed);
        lock (_lock)
        {
            _subscriptions = _subscriptions.Add(subscription);
            if (_subscriptions.Length == 1)
                Begin();
            else if (_announced > records.ReadUpTo)
                subscription.Queue();
        }
        return subscription;
    }

    public async ValueTask DisposeAsync()
    {
        CancellationTokenSource? ending;
        lock (_lock)
        {
            _subscriptions = [];
            ending = _ending;
        }
        if (ending is not null)
            await ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    private void Begin()
    {
        _announced = records.ReadUpTo;
        _ending = new CancellationTokenSource();
        // One after the other: the former run may not have noticed yet that it is over.
        _running = RunAsync(_running, _ending.Token);
    }

    private async Task RunAsync(Task former, CancellationToken ending)
    {
        await former.ConfigureAwait(false);
        while (!ending.IsCancellationRequested)
        {
            var endpoint = etcd.Preferred;
            if (await FollowAsync(endpoint, ending).ConfigureAwait(false))
                continue;
            etcd.Avoid(endpoint);
            // Where nobody lets us watch, asking must not become a load.
            var pause = Pause * (1 << Math.Min(_failures++, MostDoublings));
            await Task.WhenAny(Task.Delay(pause, ending)).ConfigureAwait(false);
        }
    }

    /// <returns>False when the endpoint failed; true when the stream is to be made anew for another reason.</returns>
    private async Task<bool> FollowAsync(EtcdEndpoint endpoint, CancellationToken ending)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ending);
        var stream = ReceiveAsync(endpoint, stopping.Token);
        var unheard = 0L;
        while (!ending.IsCancellationRequested)
        {
            await Task.WhenAny(stream, Task.Delay(Pulse, stopping.Token)).ConfigureAwait(false);
            if (stream.IsCompleted)
                break;
            if (records.SinceRead > Pulse)
                await Task.WhenAny(records.ReadAsync(Pulse, stopping.Token)).ConfigureAwait(false);
            if (etcd.Preferred != endpoint || IsDeaf(ref unheard))
                break;
        }
        var sound = !stream.IsCompleted;
        await stopping.CancelAsync().ConfigureAwait(false);
        return await stream.ConfigureAwait(false) || sound;
    }

    /// <summary>A read has shown a change, and a pulse later the stream has still not told of it.</summary>
    private bool IsDeaf(ref long unheard)
    {
        var changed = records.Changed;
        var deaf = unheard > Volatile.Read(ref _announced);
        unheard = changed > Volatile.Read(ref _announced) ? changed : 0;
        if (deaf)
            Announce(changed);
        return deaf;
    }

    /// <returns>True when the endpoint ended the stream for a reason that is not its fault.</returns>
    private async Task<bool> ReceiveAsync(EtcdEndpoint endpoint, CancellationToken stopping)
    {
        try
        {
            using var response = await endpoint.OpenStreamAsync("/v3/watch", Request(), stopping)
                .ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                return false;
            using var lines = new StreamReader(
                await response.Content.ReadAsStreamAsync(stopping).ConfigureAwait(false));
            while (await lines.ReadLineAsync(stopping).ConfigureAwait(false) is { } line)
            {
                if (Take(JsonSerializer.Deserialize(line, EtcdJson.Default.WatchLine)?.Result) is not { } anew)
                    continue;
                // A token that this member does not know looks like a lack of permission here.
                if (!anew)
                    endpoint.ForgetToken();
                return anew;
            }
            return false;
        }
        catch (Exception broken) when (EtcdEndpoint.IsBrokenCall(broken))
        {
            return false;
        }
    }

    /// <returns>Null while the stream goes on; otherwise whether it may be asked for anew at once.</returns>
    private bool? Take(WatchReply? reply)
    {
        if (reply?.Header is not { } header)
            return false;
        if (reply.Canceled)
        {
            // What happened before this revision is forgotten: something has changed, as far as anybody knows.
            if (reply.CompactRevision > 0)
                Announce(reply.CompactRevision);
            return reply.CompactRevision > 0;
        }
        _failures = 0;
        if (reply.Created && Volatile.Read(ref _announced) == 0)
            Announce(header.Revision);
        if (!reply.Events.IsEmpty)
            Announce(reply.Events.Max(change => change.Kv?.ModRevision ?? 0));
        return null;
    }

    private byte[] Request()
    {
        // From the change after the last one that was told; where nothing was, from now on.
        long? from = Volatile.Read(ref _announced) is > 0 and var announced ? announced + 1 : null;
        return JsonSerializer.SerializeToUtf8Bytes(
            new WatchRequest(new WatchCreation(keys.Records, keys.RecordsEnd, from)), EtcdJson.Default.WatchRequest);
    }

    private void Announce(long revision)
    {
        ImmutableArray<Subscription> subscriptions;
        lock (_lock)
        {
            if (revision <= _announced)
                return;
            _announced = revision;
            subscriptions = _subscriptions;
        }
        foreach (var subscription in subscriptions)
            subscription.Queue();
    }

    private void Remove(Subscription subscription)
    {
        CancellationTokenSource? ending;
        lock (_lock)
        {
            if (!_subscriptions.Contains(subscription))
                return;
            _subscriptions = _subscriptions.Remove(subscription);
            ending = _subscriptions.IsEmpty ? _ending : null;
        }
        ending?.Cancel();
    }

    private sealed class Subscription(EtcdWatch watch, Action changed) : IDisposable
    {
        private volatile bool _ended;

        public void Queue() =>
            ThreadPool.UnsafeQueueUserWorkItem(static subscriber => subscriber.Call(), this, false);

        public void Dispose()
        {
            _ended = true;
            watch.Remove(this);
        }

        private void Call()
        {
            if (!_ended)
                changed();
        }
    }
}

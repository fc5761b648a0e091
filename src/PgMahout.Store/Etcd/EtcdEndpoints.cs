using System.Collections.Immutable;

namespace PgMahout.Store.Etcd;

/// <summary>
/// All members of etcd that this store knows. Calls go to the one that answered last. A read that waits is asked of the
/// next one as well, and the first answer counts; a write is given to another only when it certainly was not sent.
/// Members come and go while a process stays: when one fails, whoever named them is asked who they are now.
/// </summary>
internal sealed class EtcdEndpoints : IDisposable
{
    public static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly HttpMessageInvoker _http;
    private readonly EtcdSettings _settings;
    private EtcdEndpoint[] _all;
    private EtcdEndpoint _preferred;
    private long _lookedAt;

    public EtcdEndpoints(EtcdSettings settings)
    {
        _settings = settings;
        _http = EtcdConnections.Open(new EtcdTls(settings));
        _all = [.. settings.Endpoints.Select(address => new EtcdEndpoint(address, settings, _http))];
        _preferred = _all[0];
    }

    /// <summary>The one to talk to now.</summary>
    public EtcdEndpoint Preferred => Volatile.Read(ref _preferred);

    /// <summary>It failed: if it is still preferred, the next one is.</summary>
    public void Avoid(EtcdEndpoint endpoint)
    {
        var all = Volatile.Read(ref _all);
        Interlocked.CompareExchange(
            ref _preferred, all[(Array.IndexOf(all, endpoint) + 1) % all.Length], endpoint);
        LookForOthers();
    }

    /// <summary>Aside: a disk that hangs must not hold up whoever asks the next member.</summary>
    private void LookForOthers()
    {
        var looked = Interlocked.Read(ref _lookedAt);
        if (_settings.CurrentEndpoints is not { } current
            || (looked != 0 && TimeProvider.System.GetElapsedTime(looked) < LookEvery)
            || Interlocked.CompareExchange(ref _lookedAt, TimeProvider.System.GetTimestamp(), looked) != looked)
            return;
        ThreadPool.UnsafeQueueUserWorkItem(_ => Know(current()), null);
    }

    /// <summary>Those that stay keep their tokens; what is under way with the others goes on.</summary>
    private void Know(ImmutableArray<Uri> addresses)
    {
        var all = Volatile.Read(ref _all);
        if (addresses.IsDefaultOrEmpty || addresses.SequenceEqual(all.Select(endpoint => endpoint.Address)))
            return;
        EtcdEndpoint[] next =
        [
            .. addresses.Select(address => all.FirstOrDefault(known => known.Address == address)
                ?? new EtcdEndpoint(address, _settings, _http)),
        ];
        Volatile.Write(ref _all, next);
        var preferred = Preferred;
        if (!next.Contains(preferred))
            Interlocked.CompareExchange(ref _preferred, next[0], preferred);
    }

    /// <summary>For what changes nothing, and so may be asked of several.</summary>
    public async Task<EtcdReply<T>> ReadAsync<T>(EtcdCall<T> call, TimeSpan limit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var ending = new CancellationTokenSource(Bounded(limit));
        var race = new Race<T>(this, call, limit, ending.Token);
        try
        {
            return await race.RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            // Those that lost the race are not broken off: that would cost their connections. They end by the limit.
            _ = race.Losers.ContinueWith(_ => ending.Dispose(), TaskScheduler.Default);
        }
    }

    /// <summary>For what changes something. A cancelled one may still be carried out.</summary>
    public async Task<EtcdReply<T>> WriteAsync<T>(EtcdCall<T> call, TimeSpan limit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return await TryEachAsync(call, limit).WaitAsync(cancellation).ConfigureAwait(false);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The preferred one first.</summary>
    private EtcdEndpoint[] InOrder()
    {
        var all = Volatile.Read(ref _all);
        var first = Math.Max(0, Array.IndexOf(all, Preferred));
        return [.. all[first..], .. all[..first]];
    }

    private static TimeSpan PatienceWithin(TimeSpan limit) =>
        Bounded(limit / 4) is var quarter && quarter < LongestPatience ? quarter : LongestPatience;

    private static TimeSpan Bounded(TimeSpan limit) => limit < TimeSpan.Zero ? TimeSpan.Zero : limit;

    private async Task<EtcdReply<T>> TryEachAsync<T>(EtcdCall<T> call, TimeSpan limit)
    {
        using var ending = new CancellationTokenSource(Bounded(limit));
        var failures = new Failures(limit);
        for (var tried = 1; ; tried++)
        {
            var endpoint = Preferred;
            var reply = await endpoint.CallAsync(call, PatienceWithin(limit), ending.Token).ConfigureAwait(false);
            if (reply is not EtcdReply<T>.Failed failed)
                return reply;
            failures.Note(endpoint, failed.Why);
            if (failed.Fate != Fate.Rejected)
                Avoid(endpoint);
            if (failed.Fate != Fate.NeverApplied || ending.IsCancellationRequested)
                return new EtcdReply<T>.Failed(failures.ToString(), failed.Fate);
            if (tried % Volatile.Read(ref _all).Length == 0)
                await Task.WhenAny(Task.Delay(Pause, ending.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>One read, asked of one endpoint after the other, without waiting for those before.</summary>
    private sealed class Race<T>(
        EtcdEndpoints etcd, EtcdCall<T> call, TimeSpan limit, CancellationToken ending)
    {
        private readonly List<(EtcdEndpoint Endpoint, Task<EtcdReply<T>> Reply)> _asked = [];
        private readonly Failures _failures = new(limit);
        private EtcdEndpoint[] _all = etcd.InOrder();
        private int _next;

        public async Task<EtcdReply<T>> RunAsync(CancellationToken cancellation)
        {
            while (true)
            {
                if (_next < _all.Length)
                    Ask(_all[_next++]);
                if (await NextAsync(cancellation).ConfigureAwait(false) is { } settled)
                    return settled;
                cancellation.ThrowIfCancellationRequested();
            }
        }

        public Task Losers => Task.WhenAll(_asked.Select(asked => asked.Reply));

        private void Ask(EtcdEndpoint endpoint) =>
            _asked.Add((endpoint, endpoint.CallAsync(call, limit + Pause, ending)));

        /// <returns>Null when it is time to ask the next one.</returns>
        private async Task<EtcdReply<T>?> NextAsync(CancellationToken cancellation)
        {
            using var pace = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var patience = _next < _all.Length ? PatienceWithin(limit) : Timeout.InfiniteTimeSpan;
            var tick = Task.Delay(patience, pace.Token);
            await Task.WhenAny([.. _asked.Select(asked => asked.Reply), tick]).ConfigureAwait(false);
            await pace.CancelAsync().ConfigureAwait(false);
            if (_asked.FindIndex(asked => asked.Reply.IsCompleted) is var index && index < 0)
                return null;
            var (endpoint, reply) = _asked[index];
            _asked.RemoveAt(index);
            var answer = await reply.ConfigureAwait(false);
            if (answer is not EtcdReply<T>.Failed failed)
            {
                Volatile.Write(ref etcd._preferred, endpoint);
                return answer;
            }
            _failures.Note(endpoint, failed.Why);
            if (failed.Fate == Fate.Rejected)
                return failed with { Why = _failures.ToString() };
            if (_asked.Count > 0 || _next < _all.Length)
                return null;
            return await AgainAsync(cancellation).ConfigureAwait(false)
                ? null
                : failed with { Why = _failures.ToString() };
        }

        /// <summary>Everybody has failed. While there is time, etcd may be electing: a new round.</summary>
        private async Task<bool> AgainAsync(CancellationToken cancellation)
        {
            if (ending.IsCancellationRequested)
                return false;
            etcd.LookForOthers();
            await Task.WhenAny(Task.Delay(Pause, cancellation)).ConfigureAwait(false);
            _all = etcd.InOrder();
            _next = 0;
            return !ending.IsCancellationRequested;
        }
    }

    /// <summary>What each endpoint last failed with, for one sentence.</summary>
    private sealed class Failures(TimeSpan limit)
    {
        private readonly List<(EtcdEndpoint Endpoint, string Why)> _last = [];

        public void Note(EtcdEndpoint endpoint, string why)
        {
            // What an endpoint said tells more than that it was interrupted while it was asked once more.
            var index = _last.FindIndex(known => known.Endpoint == endpoint);
            if (index < 0)
                _last.Add((endpoint, why));
            else if (why != EtcdWords.Silence)
                _last[index] = (endpoint, why);
        }

        public override string ToString() => string.Join("; ", _last.Select(one => one.Why == EtcdWords.Silence
            ? $"{Name(one.Endpoint)} did not answer within {limit.TotalMilliseconds:F0} ms"
            : $"{Name(one.Endpoint)} {one.Why}"));

        private static string Name(EtcdEndpoint endpoint) => endpoint.Address.GetLeftPart(UriPartial.Authority);
    }
}

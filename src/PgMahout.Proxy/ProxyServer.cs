using System.Collections.Immutable;
using System.Security.Cryptography;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Handover;
using PgMahout.Proxy.Loop;
using PgMahout.Proxy.Sessions;
using PgMahout.Proxy.Tls;

namespace PgMahout.Proxy;

/// <summary>
/// The data plane of one proxy: one loop on one thread. Everything but <see cref="Run"/> may be called from any
/// thread, and only leaves word for the loop.
/// </summary>
public sealed class ProxyServer : IDisposable
{
    private const long ReportEvery = 100_000_000;
    private const int Apart = 1 << 20;

    private readonly Mailbox _mailbox = new();
    private readonly ProxySettings _settings;
    private readonly IUserDirectory _users;
    private readonly List<Listener> _listeners = [];
    private readonly Predecessor? _predecessor;
    private readonly TaskCompletionSource _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Made by the thread that runs it: the kernel talks to no other one.
    private ProxyLoop _loop = null!;
    private volatile ProxyReport _report = ProxyReport.AtStart;
    private long _nextReport;
    private long _holdingSince;
    private bool _retired;

    /// <param name="predecessor">
    /// The process before this one: its sockets are used where they fit the settings, and closed where they do not.
    /// </param>
    public ProxyServer(ProxySettings settings, IUserDirectory users, Predecessor? predecessor = null)
    {
        _predecessor = predecessor;
        _settings = settings;
        _users = users;
    }

    /// <summary>
    /// 32 bytes that stay the same and that nobody else knows; see <see cref="Core.Proxy.Login.LoginRules"/>.
    /// </summary>
    public ImmutableArray<byte> MockSecret { get; init; } = [.. RandomNumberGenerator.GetBytes(32)];

    /// <summary>As if the kernel had no io_uring.</summary>
    internal bool OnlyEpoll { get; init; }

    /// <summary>Called in the loop when somebody asks for it at the console; must return at once.</summary>
    public Action? ReloadWanted { get; init; }

    /// <summary>As of the end of the loop's last turn, or a tenth of a second before.</summary>
    public ProxyReport Report => _report;

    /// <summary>How descriptors are read and written, once it runs: epoll or io_uring.</summary>
    public string EngineName { get; private set; } = "none yet";

    /// <summary>Done once clients can connect; it need never come to that.</summary>
    public Task Listens => _listens.Task;

    /// <summary>The highest number that a client has been given.</summary>
    internal int LastNumber => _loop.LastNumber;

    private ImmutableArray<ListeningSocket> Inherited => _predecessor?.Sockets ?? [];

    /// <summary>The sockets that clients connect to; for a successor, which takes copies of them.</summary>
    public ImmutableArray<ListeningSocket> Listening { get; private set; } = [];

    /// <summary>From the loop's next turn on it goes by this; it wakes the loop.</summary>
    public void Publish(Topology topology) => _mailbox.Post(() =>
    {
        _loop.Follow(topology);
        _nextReport = 0;
    });

    /// <summary>Addresses are kept as they are; everything else holds from now on.</summary>
    public void Reload(ProxySettings settings) => _mailbox.Post(() => Say(_loop.Go(settings)));

    /// <summary>Called by the loop in its next turn, so that whoever hears it knows that it turns.</summary>
    public void Remark(Action turned) => _mailbox.Post(turned);

    /// <summary>What runs may end, nothing new begins on a server, until <see cref="Resume"/>.</summary>
    public void Pause() => _mailbox.Post(() => _loop.Orders.Pause(null));

    public void Resume() => _mailbox.Post(() => _loop.Orders.Resume(null));

    /// <summary>
    /// Another process listens from now on: no new clients, those that are between transactions move over to it, and
    /// <see cref="Run"/> returns when the last one has gone.
    /// </summary>
    public void Retire(Succession succession) => _mailbox.Post(() =>
    {
        _retired = true;
        StopListening();
        var heir = new Heir(_loop, succession.Line!);
        heir.Listen(_mailbox);
        _loop.Bequeath(heir);
        _nextReport = 0;
    });

    /// <summary>
    /// It listens: the process before this one may know, and its clients come over. To be called once, after
    /// <see cref="Listens"/>.
    /// </summary>
    /// <returns>False when that process has given up: whoever waits for this one is not told of it.</returns>
    public bool Succeed(Predecessor predecessor)
    {
        var inheritance = new Inheritance(
            _loop, predecessor.Line, ended: () => _listeners.ForEach(one => one.AcceptRest()));
        _mailbox.Post(() => _loop.Inheritance = inheritance);
        return inheritance.Begin(_mailbox);
    }

    /// <summary>The loop, on the calling thread, until it is told to stop or has retired.</summary>
    /// <returns>0 after an orderly end, 1 when it cannot listen; why is in the log.</returns>
    public int Run(CancellationToken stopping)
    {
        using var loop = _loop = new ProxyLoop(_settings, _users, _mailbox, OnlyEpoll)
        {
            MockSecret = MockSecret,
            ReloadWanted = () => ReloadWanted?.Invoke(),
        };
        EngineName = _loop.Engine.Name;
        // Far from those of clients that may come over.
        _loop.LastNumber = _predecessor is { LastNumber: var last } ? (last + Apart) & int.MaxValue : _loop.LastNumber;
        if (Say(_loop.Go(_settings)) || !Listen())
            return 1;
        using var wake = stopping.Register(() => _mailbox.Post(() => { }));
        _listens.SetResult();
        while (!stopping.IsCancellationRequested && !IsDone)
        {
            _loop.Turn();
            if (_loop.Now >= _nextReport || _loop.Topology.Draining)
                Tell();
        }
        StopListening();
        return 0;
    }

    private bool IsDone => _retired && _loop.Clients.Count == 0 && _loop.Heir is not { Leaving: > 0 };

    private static bool Say(TlsOpening.Failed? failed)
    {
        if (failed is not null)
            Console.Error.WriteLine($"{failed.What}: {failed.Why}; {failed.Next}");
        return failed is not null;
    }

    private bool Listen()
    {
        var settings = _loop.Settings;
        var opened = ImmutableArray.CreateBuilder<ListeningSocket>();
        var wanted = new List<(string Kind, ServerAddress Address)>
        {
            ("write", new ServerAddress.Tcp(settings.ListenHost, settings.WritePort)),
        };
        if (settings.ReadPort > 0)
            wanted.Add(("read", new ServerAddress.Tcp(settings.ListenHost, settings.ReadPort)));
        if (settings.SocketDirectory is { } directory)
            wanted.Add(("unix", new ServerAddress.UnixSocket(
                Path.Combine(directory, ".s.PGSQL." + settings.WritePort))));
        foreach (var (kind, address) in wanted)
        {
            var error = 0;
            var socket = Inherited.FirstOrDefault(one => one.Name == $"{kind} {address}")
                ?? Listener.Open(kind, address, out error);
            if (socket is null)
            {
                Console.Error.WriteLine($"cannot listen on {address}: {SystemError.Text(error)}");
                return false;
            }
            opened.Add(socket);
            var listener = new Listener(_loop, socket);
            _listeners.Add(listener);
            _loop.Engine.Listen(listener);
        }
        Listening = opened.ToImmutable();
        foreach (var unfit in Inherited.Where(one => !Listening.Contains(one)))
            _ = LibC.Close(unfit.Descriptor);
        return true;
    }

    private void StopListening()
    {
        foreach (var listener in _listeners)
        {
            _loop.Engine.StopListening(listener);
            listener.AcceptRest();
            _ = LibC.Close(listener.Descriptor);
        }
        _listeners.Clear();
        Listening = [];
    }

    private void Tell()
    {
        _nextReport = _loop.Now + ReportEvery;
        var (waiting, servers, inFlight) = (0, 0, 0);
        foreach (var group in _loop.Groups)
        {
            waiting += group.Waiting;
            foreach (var pool in group.Pools)
            {
                servers += pool.Servers.Count;
                if (pool.IsPrimary)
                    inFlight += pool.Servers.Count(server => server.Client is not null && !server.Stream.IsFree);
            }
        }
        _holdingSince = waiting == 0 ? 0 : _holdingSince == 0 ? _loop.Now : _holdingSince;
        _report = new ProxyReport(
            _loop.Topology, inFlight, _loop.Clients.Count, waiting, servers,
            _holdingSince == 0 ? null : new Instant(_holdingSince), _listeners.Count > 0, _loop.Totals.Snapshot());
    }

    /// <summary>Sockets that it never came to use.</summary>
    public void Dispose()
    {
        if (_loop is not null)
            return;
        foreach (var socket in Inherited)
            _ = LibC.Close(socket.Descriptor);
    }
}

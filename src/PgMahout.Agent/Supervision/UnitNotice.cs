using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Supervision;

/// <summary>
/// What the init system is told of this process (systemd's sd_notify): that it is ready, what it does, that it still
/// turns. Without such an init system nothing is said. Telling never fails and never waits.
/// </summary>
public sealed class UnitNotice : IDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";

    // Whoever turns faster than that says so only as often.
    private static readonly TimeSpan TurnEvery = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _place;
    private Instant _nextTurn;
    private bool _ready;
    private string? _status;
    private TimeSpan? _limit;
    private readonly string? _address;
    private bool _isOver;

    private UnitNotice(string? address)
    {
        _address = address;
        if (string.IsNullOrEmpty(address) || address[0] is not ('/' or '@'))
            return;
        // A name that begins with @ is in the abstract namespace, where it begins with a zero byte.
        _place = new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    }

    /// <summary>Says nothing to anybody.</summary>
    public static UnitNotice Nobody { get; } = new(null);

    /// <summary>
    /// As the environment says, which forgets it: what this process starts must not speak in its name.
    /// </summary>
    public static UnitNotice TakeFromEnvironment()
    {
        var address = Environment.GetEnvironmentVariable(SocketVariable);
        foreach (var variable in new[] { SocketVariable, "WATCHDOG_USEC", "WATCHDOG_PID" })
            Environment.SetEnvironmentVariable(variable, null);
        return new UnitNotice(address);
    }

    /// <summary>
    /// The loop that does this process's work has turned. The first time it is ready; later it is not hung.
    /// </summary>
    public void Turned()
    {
        lock (_gate)
        {
            var now = BootClock.Now();
            if (_socket is null || (_ready && now < _nextTurn))
                return;
            _nextTurn = now + TurnEvery;
            Tell(_ready ? "WATCHDOG=1" : "READY=1\nWATCHDOG=1");
            _ready = true;
        }
    }

    /// <summary>One line that <c>systemctl status</c> shows.</summary>
    public void Status(string text)
    {
        lock (_gate)
        {
            if (_socket is null || _status == text)
                return;
            _status = text;
            Tell("STATUS=" + text.ReplaceLineEndings(" "));
        }
    }

    /// <summary>To be killed when it has not turned for so long, instead of what its unit says.</summary>
    public void Limit(TimeSpan silence)
    {
        lock (_gate)
        {
            if (_socket is null || _limit == silence)
                return;
            _limit = silence;
            var microseconds = (long)silence.TotalMicroseconds;
            Tell("WATCHDOG_USEC=" + microseconds.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Whether there is such an init system.</summary>
    public bool IsHeard => _socket is not null;

    /// <summary>The process that this starts may speak to it too.</summary>
    public void Introduce(ProcessStartInfo command)
    {
        if (_socket is not null)
            command.Environment[SocketVariable] = _address;
    }

    /// <summary>From now on that process is the unit's main one, and this one says nothing more.</summary>
    public void HandOver(int pid)
    {
        lock (_gate)
        {
            if (_socket is not null)
                Tell("MAINPID=" + pid.ToString(CultureInfo.InvariantCulture));
            _isOver = true;
        }
    }

    /// <summary>It ends because it was told to.</summary>
    public void Stopping()
    {
        lock (_gate)
            if (_socket is not null)
                Tell("STOPPING=1");
    }

    public void Dispose() => _socket?.Dispose();

    private void Tell(string words)
    {
        if (_isOver)
            return;
        try
        {
            _socket!.SendTo(System.Text.Encoding.UTF8.GetBytes(words), SocketFlags.None, _place!);
        }
        catch (SocketException)
        {
            // Nobody listens, or the queue is full: the next turn says it again.
        }
        catch (ObjectDisposedException)
        {
            // The process is ending.
        }
    }
}

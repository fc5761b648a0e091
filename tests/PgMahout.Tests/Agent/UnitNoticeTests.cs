using System.Net.Sockets;
using System.Text;
using PgMahout.Agent.Supervision;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class UnitNoticeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_first_turn_is_readiness_and_later_ones_are_life(bool isAbstract)
    {
        using var init = new Init(isAbstract);
        using var unit = init.Unit();

        unit.Turned();
        Assert.Equal("READY=1\nWATCHDOG=1", init.Next());

        unit.Turned();
        Assert.Null(init.Next());
        Assert.True(SpinWait.SpinUntil(() => { unit.Turned(); return init.Next() == "WATCHDOG=1"; }, 5000));
    }

    [Fact]
    public void What_has_not_changed_is_not_said_again()
    {
        using var init = new Init(isAbstract: false);
        using var unit = init.Unit();

        unit.Status("leads\nnow");
        unit.Status("leads\nnow");
        unit.Limit(TimeSpan.FromSeconds(8));
        unit.Limit(TimeSpan.FromSeconds(8));
        unit.Stopping();

        Assert.Equal("STATUS=leads now", init.Next());
        Assert.Equal("WATCHDOG_USEC=8000000", init.Next());
        Assert.Equal("STOPPING=1", init.Next());
        Assert.Null(init.Next());
    }

    [Fact]
    public void Children_do_not_inherit_the_right_to_speak()
    {
        using var init = new Init(isAbstract: false);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "8000000");

        using var unit = init.Unit();

        Assert.Null(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
        Assert.Null(Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
    }

    [Fact]
    public void Without_an_init_system_or_after_its_end_nothing_happens()
    {
        using var nobody = UnitNotice.TakeFromEnvironment();
        nobody.Turned();
        nobody.Status("leads");

        var init = new Init(isAbstract: false);
        using var unit = init.Unit();
        init.Dispose();
        unit.Turned();
        unit.Stopping();
    }

    /// <summary>What systemd is to a service: a datagram socket with a name.</summary>
    private sealed class Init : IDisposable
    {
        private readonly string _path = Path.Combine(Path.GetTempPath(), $"notify-{Guid.NewGuid():N}");
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly bool _isAbstract;

        public Init(bool isAbstract)
        {
            _isAbstract = isAbstract;
            _socket.Blocking = false;
            _socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + _path : _path));
        }

        public UnitNotice Unit()
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", _isAbstract ? "@" + _path : _path);
            return UnitNotice.TakeFromEnvironment();
        }

        /// <summary>A datagram is there as soon as it was sent; null when there is none.</summary>
        public string? Next()
        {
            var buffer = new byte[4096];
            return _socket.Poll(0, SelectMode.SelectRead)
                ? Encoding.UTF8.GetString(buffer, 0, _socket.Receive(buffer))
                : null;
        }

        public void Dispose()
        {
            _socket.Dispose();
            File.Delete(_path);
        }
    }
}

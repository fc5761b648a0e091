using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using PgMahout.Agent.Addressing;
using PgMahout.Core.Access;
using Xunit;

namespace PgMahout.InstanceTests.Addressing;

/// <summary>What this machine's kernel really does with addresses, neighbours and connections.</summary>
public sealed class NetworkTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly NetworkNamespace _here;
    private readonly NetworkNamespace _there;

    public NetworkTests() => (_here, _there) = NetworkNamespace.Pair();

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    private static (IpAddress Value, int PrefixLength) Shared(bool v6) =>
        (IpAddress.Parse(v6 ? "fd09::100" : "10.9.0.100")!.Value, v6 ? 64 : 24);

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void The_kernel_takes_an_address_away_by_itself_not_early_and_hardly_late(bool v6, int seconds)
    {
        using var table = _here.Within(AddressTable.Open);
        var address = Shared(v6);

        Assert.Null(table.Put(_here.Card.Index, address, seconds));
        var put = Stopwatch.GetTimestamp();
        Assert.Equal((_here.Card.Index, address.PrefixLength), Place(table, address.Value));
        Await(() => table.Find(address.Value) is { IsEmpty: true });
        var lasted = Stopwatch.GetElapsedTime(put);

        Say($"{address.Value} for {seconds} s: {lasted.TotalMilliseconds:F0} ms");
        Assert.InRange(lasted, TimeSpan.FromSeconds(seconds - 0.02), TimeSpan.FromSeconds(seconds + 1.3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_new_end_takes_the_place_of_the_old_one_and_what_is_taken_off_is_gone(bool v6)
    {
        using var table = _here.Within(AddressTable.Open);
        var address = Shared(v6);
        Assert.Null(table.Put(_here.Card.Index, address, 1));
        var put = Stopwatch.GetTimestamp();

        while (Stopwatch.GetElapsedTime(put) < TimeSpan.FromSeconds(2.5))
        {
            Assert.Null(table.Put(_here.Card.Index, address, 1));
            Assert.Single(table.Find(address.Value)!.Value);
        }
        Assert.Null(table.Remove(_here.Card.Index, address));

        Assert.Empty(table.Find(address.Value)!.Value);
        Assert.Null(table.Remove(_here.Card.Index, address));
        Assert.NotNull(table.Put(4711, address, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_host_itself_goes_on_with_its_own_address_and_routes(bool v6)
    {
        using var table = _here.Within(AddressTable.Open);
        var (routes, to) = (v6 ? "-6 route show" : "route show", v6 ? "fd09::2" : "10.9.0.2");
        var before = (_here.Show(routes), Source());

        Assert.Null(table.Put(_here.Card.Index, Shared(v6), 30));

        Assert.Equal(before, (_here.Show(routes), Source()));

        string Source() => _here.Show($"route get {to}").Split(" src ")[1].Split(' ')[0];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Somebody_else_who_has_the_address_answers_and_is_known_by_his_card(bool v6)
    {
        using var table = _there.Within(AddressTable.Open);
        var (address, neighbours) = (Shared(v6), new Neighbourhood(_here.Card, Shared(v6).Value));

        Assert.Equal((null, null), _here.Within(neighbours.Ask));
        Assert.Null(table.Put(_there.Card.Index, address, 30));
        Assert.Equal((_there.Card.Hardware, null), _here.Within(neighbours.Ask));
        Assert.Null(table.Remove(_there.Card.Index, address));
        Assert.Equal((null, null), _here.Within(neighbours.Ask));

        _here.Show($"link set {NetworkNamespace.CardName} down");
        Assert.NotNull(_here.Within(neighbours.Ask).Complaint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_knows_the_address_elsewhere_learns_where_it_is_now(bool v6)
    {
        var address = Shared(v6).Value;
        _there.Show($"neighbour replace {address} lladdr 02:00:00:00:00:99 dev {NetworkNamespace.CardName} nud stale");

        Assert.Null(_here.Within(new Neighbourhood(_here.Card, address).Announce));

        Await(() => _there.Show($"neighbour show {address}")
            .Contains(_here.Card.Hardware.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Connections_of_the_address_are_ended_and_their_other_ends_are_told(bool v6, bool listensOnBoth)
    {
        using var table = _here.Within(AddressTable.Open);
        var address = Shared(v6);
        Assert.Null(table.Put(_here.Card.Index, address, 60));
        using var listener = Listen(listensOnBoth);
        using var moved = Connect(address.Value.ToString(), listener);
        using var kept = Connect(v6 ? "fd09::1" : "10.9.0.1", listener);
        using var first = listener.Accept();
        using var second = listener.Accept();

        Assert.Equal((1, null), _here.Within(() => Connections.End(address.Value)));

        var told = Assert.Throws<SocketException>(() => moved.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, told.SocketErrorCode);
        kept.Send([1]);
        Assert.Equal(1, second.Receive(new byte[1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_connected_while_the_address_went_is_not_waited_for_by_its_server(bool v6)
    {
        using var table = _here.Within(AddressTable.Open);
        var address = Shared(v6);
        Assert.Null(table.Put(_here.Card.Index, address, 60));
        using var listener = Listen(onBoth: v6);
        using var late = Connect(address.Value.ToString(), listener);
        using var served = listener.Accept();
        served.ReceiveTimeout = (int)Limit.TotalMilliseconds;

        Assert.Null(table.Remove(_here.Card.Index, address));
        Assert.Equal((1, null), _here.Within(() => Connections.End(address.Value)));

        var ended = Assert.Throws<SocketException>(() => served.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionAborted, ended.SocketErrorCode);
    }

    private Socket Listen(bool onBoth) => _here.Within(() =>
    {
        var socket = onBoth
            ? new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true }
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(onBoth ? IPAddress.IPv6Any : IPAddress.Any, 0));
        socket.Listen();
        return socket;
    });

    private Socket Connect(string host, Socket listener) => _there.Within(() =>
    {
        var place = new IPEndPoint(IPAddress.Parse(host), ((IPEndPoint)listener.LocalEndPoint!).Port);
        var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)Limit.TotalMilliseconds,
        };
        socket.Connect(place);
        return socket;
    });

    private static (int, int)? Place(AddressTable table, IpAddress address) =>
        table.Find(address) is [var place] ? (place.Interface, place.PrefixLength) : null;

    private static void Await(Func<bool> condition)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!condition())
            Assert.True(Stopwatch.GetElapsedTime(begun) < Limit, "it did not come to that");
    }

    private static void Say(string text) =>
        TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}

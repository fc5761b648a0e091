using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using Xunit;

namespace PgMahout.Tests.Addressing;

/// <summary>On a machine that counts from the lowest octet, as all are that this runs on.</summary>
public sealed class RouteMessageTests
{
    private static readonly (IpAddress, int) V4 = (IpAddress.Parse("10.0.0.100")!.Value, 24);
    private static readonly (IpAddress, int) V6 = (IpAddress.Parse("fd00::100")!.Value, 64);

    [Fact]
    public void An_address_is_put_with_an_end_without_a_route_and_in_place_of_itself()
    {
        var expected =
            "44000000" + "1400" + "0505" + "07000000" + "00000000"
            + "02180000" + "03000000"
            + "08000200" + "0a000064" + "08000100" + "0a000064"
            + "14000600" + "02000000" + "02000000" + "0000000000000000"
            + "08000800" + "02020000";

        Assert.Equal(expected, Convert.ToHexStringLower(RouteMessage.Put(7, 3, V4, 2)));
    }

    [Fact]
    public void An_address_of_IPv6_is_not_for_connections_that_the_host_begins()
    {
        var message = Convert.ToHexStringLower(RouteMessage.Put(7, 3, V6, 2));

        Assert.Contains("0a400000" + "03000000", message, StringComparison.Ordinal);
        Assert.Contains("14000600" + "00000000" + "02000000", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_put_is_read_as_the_kernel_tells_it()
    {
        // A message to put an address has the form of one that tells of it.
        var told = RouteMessage.Put(7, 3, V4, 2);
        var permanent = RouteMessage.Remove(7, 4, V6);
        permanent[4] = 20;

        var read = RouteMessage.Read(new byte[][] { told, permanent }.SelectMany(one => one).ToArray(), 7).ToArray();

        Assert.Equal(
            [
                new RouteAnswer.Address(3, V4.Item1, 24, 2),
                new RouteAnswer.Address(4, V6.Item1, 64, null),
            ],
            read);
        Assert.Empty(RouteMessage.Read(told, 8));
    }

    [Fact]
    public void The_end_of_an_answer_says_what_went_wrong()
    {
        // Error, minus EPERM, and the head of the message it is about.
        var refused = Convert.FromHexString("24000000" + "02000000" + "07000000" + "00000000"
            + "ffffffff" + "44000000" + "14000505" + "07000000" + "00000000");
        var done = Convert.FromHexString("14000000" + "03000200" + "07000000" + "00000000" + "00000000");

        Assert.Equal(new RouteAnswer.End(1), Assert.Single(RouteMessage.Read(refused, 7)));
        Assert.Equal(new RouteAnswer.End(0), Assert.Single(RouteMessage.Read(done, 7)));
    }

    [Fact]
    public void What_is_cut_off_is_passed_over()
    {
        var told = RouteMessage.Put(7, 3, V6, 2);

        for (var length = 0; length < told.Length; length++)
            Assert.Empty(RouteMessage.Read(told.AsMemory(0, length), 7));
    }

    [Fact]
    public void Connections_are_found_by_their_own_end_in_both_kinds_of_sockets()
    {
        var (own, mapped, other) = (Listed(2, "0a000064"), Listed(10, "00000000000000000000ffff0a000064"),
            Listed(2, "0a000065"));
        var end = Convert.FromHexString("14000000" + "03000200" + "01000000" + "00000000" + "00000000");

        var found = SocketMessage.Read(
            new[] { own, other, mapped, end }.SelectMany(one => one).ToArray(), 1, V4.Item1, out var isLast);

        Assert.Equal(2, found.Count);
        Assert.True(isLast);
        Assert.Equal(own[20..68], found[0]);
        // What answers to one that was ended is not the end of the list.
        Assert.Empty(SocketMessage.Read([.. own, .. end], 2, V4.Item1, out isLast));
        Assert.False(isLast);
        Assert.Contains(Convert.ToHexString(found[1]), Convert.ToHexString(SocketMessage.End(1, true, found[1])));
    }

    /// <summary>A head, four octets, the ports, the own address, the rest of an identity and of the account.</summary>
    private static byte[] Listed(byte family, string address)
    {
        var message = new byte[16 + 72];
        (message[0], message[4], message[8], message[16]) = ((byte)message.Length, 20, 1, family);
        Convert.FromHexString(address).CopyTo(message, 24);
        return message;
    }
}

using PgMahout.Core.Access;
using PgMahout.Core.Addressing;
using Xunit;

namespace PgMahout.Tests.Addressing;

/// <summary>Held against the octets of RFC 826 and RFC 4861.</summary>
public sealed class NeighbourPacketTests
{
    private static readonly HardwareAddress Own = HardwareAddress.Parse("02:fc:00:00:00:01")!.Value;
    private static readonly IpAddress V4 = IpAddress.Parse("10.0.0.100")!.Value;
    private static readonly IpAddress V6 = IpAddress.Parse("fd00::12:3456")!.Value;

    private static string Hex(NeighbourPacket packet) => Convert.ToHexStringLower(packet.Content);

    [Fact]
    public void A_question_by_ARP_names_no_address_of_its_sender()
    {
        var question = NeighbourPacket.Question(Own, V4);

        Assert.Equal("ff:ff:ff:ff:ff:ff", question.To.ToString());
        Assert.Equal("0001080006040001" + "02fc00000001" + "00000000" + "000000000000" + "0a000064", Hex(question));
    }

    [Fact]
    public void An_announcement_by_ARP_is_a_question_and_an_answer_about_itself()
    {
        var told = NeighbourPacket.Announcements(Own, V4);

        Assert.Equal(
            [
                "0001080006040001" + "02fc00000001" + "0a000064" + "000000000000" + "0a000064",
                "0001080006040002" + "02fc00000001" + "0a000064" + "ffffffffffff" + "0a000064",
            ],
            told.Select(Hex));
        Assert.All(told, packet => Assert.Equal(Own, NeighbourPacket.OwnerOf(V4, packet.Content)));
    }

    [Fact]
    public void A_question_by_IPv6_comes_from_nobody_and_goes_to_the_group_of_the_address()
    {
        var question = NeighbourPacket.Question(Own, V6);

        Assert.Equal("33:33:ff:12:34:56", question.To.ToString());
        Assert.Equal(
            "6000000000183aff" + new string('0', 32) + "ff0200000000000000000001ff123456"
            + "8700" + Sum(question) + "00000000" + "fd000000000000000000000000123456",
            Hex(question));
        Assert.True(IsSound(question.Content));
    }

    [Fact]
    public void An_announcement_by_IPv6_goes_to_everybody_and_replaces_what_they_know()
    {
        var told = Assert.Single(NeighbourPacket.Announcements(Own, V6));

        Assert.Equal("33:33:00:00:00:01", told.To.ToString());
        Assert.Equal(
            "6000000000203aff" + "fd000000000000000000000000123456" + "ff020000000000000000000000000001"
            + "8800" + Sum(told) + "20000000" + "fd000000000000000000000000123456" + "0201" + "02fc00000001",
            Hex(told));
        Assert.True(IsSound(told.Content));
        Assert.Equal(Own, NeighbourPacket.OwnerOf(V6, told.Content));
    }

    [Fact]
    public void Only_who_claims_this_very_address_has_it()
    {
        var others = new[] { "10.0.0.101", "fd00::12:3457" }.Select(text => IpAddress.Parse(text)!.Value).ToArray();

        Assert.All(NeighbourPacket.Announcements(Own, others[0]), packet =>
            Assert.Null(NeighbourPacket.OwnerOf(V4, packet.Content)));
        Assert.Null(NeighbourPacket.OwnerOf(V6, NeighbourPacket.Announcements(Own, others[1])[0].Content));
        // Whoever asks does not claim it.
        Assert.Null(NeighbourPacket.OwnerOf(V4, NeighbourPacket.Question(Own, V4).Content));
        Assert.Null(NeighbourPacket.OwnerOf(V6, NeighbourPacket.Question(Own, V6).Content));
    }

    [Fact]
    public void What_is_cut_off_or_something_else_is_nobodys_claim()
    {
        foreach (var (address, whole) in new[] { V4, V6 }.Select(one =>
            (one, NeighbourPacket.Announcements(Own, one)[0].Content)))
            for (var length = 0; length < whole.Length; length++)
                if (NeighbourPacket.OwnerOf(address, whole.AsSpan(0, length)) is { } owner)
                    Assert.Equal((IpFamily.V6, default), (address.Family, owner));
        Assert.Null(NeighbourPacket.OwnerOf(V4, new byte[64]));
        Assert.Null(NeighbourPacket.OwnerOf(V6, new byte[128]));
    }

    [Theory]
    [InlineData("02:fc:00:00:00:01\n", "02:fc:00:00:00:01")]
    [InlineData("FF:FF:FF:FF:FF:FF", "ff:ff:ff:ff:ff:ff")]
    [InlineData("02:fc:00:00:00", null)]
    [InlineData("02:fc:00:00:00:xx", null)]
    [InlineData("", null)]
    public void A_hardware_address_is_read_as_the_kernel_prints_it(string text, string? read) =>
        Assert.Equal(read, HardwareAddress.Parse(text)?.ToString());

    private static string Sum(NeighbourPacket packet) => Hex(packet)[84..88];

    /// <summary>As a receiver does it: with its checksum, message and pseudo-head add up to ones.</summary>
    private static bool IsSound(byte[] packet)
    {
        var words = new List<int> { packet.Length - 40, 58 };
        for (var at = 8; at < packet.Length; at += 2)
            words.Add((packet[at] << 8) | packet[at + 1]);
        var sum = words.Sum();
        return (sum & 0xFFFF) + (sum >> 16) == 0xFFFF;
    }
}

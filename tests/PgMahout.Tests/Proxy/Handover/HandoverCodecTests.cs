using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Proxy.Handover;

public sealed class HandoverCodecTests
{
    private static readonly MovedClient Whole = new(4711, [1, 2, 3, 4], 99_000_000_000)
    {
        User = "alice",
        Database = "장터",
        Credential = new ServerCredential.ScramKeys([1], [2, 2], [3, 3, 3], 4096),
        ReadsOnly = true,
        Wish = RouteWish.PreferStandby,
        Parameters = Pairs(("TimeZone", "Asia/Seoul"), ("search_path", "a, b")),
        Reported = Pairs(("server_version", "15.18")),
        Written = new Lsn(ulong.MaxValue - 1),
        WritesUnknown = true,
        Prepared = [([1, 0, 2], [9, 8, 7]), ([5], [])],
        Unnamed = [6, 6],
    };

    public static TheoryData<HandoverMessage> Messages =>
    [
        new HandoverMessage.Sockets(["write 127.0.0.1:6432", "unix /run/.s.PGSQL.6432"], 17, true),
        new HandoverMessage.Listening(),
        new HandoverMessage.Client(Whole),
        new HandoverMessage.Client(Whole with { Credential = new ServerCredential.Md5("0123"), Prepared = [] }),
        new HandoverMessage.Client(Whole with { Credential = new ServerCredential.None(), Unnamed = [] }),
        new HandoverMessage.Taken(3, false),
        new HandoverMessage.Cancel(8, [1, 2, 3, 4]),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void What_one_process_says_the_other_one_understands(HandoverMessage message) =>
        Assert.Equivalent(message, HandoverCodec.Decode(HandoverCodec.Encode(message)), strict: true);

    [Fact]
    public void A_process_of_another_version_is_refused_by_name()
    {
        var bytes = HandoverCodec.Encode(new HandoverMessage.Listening());
        bytes[0]++;

        var refused = Assert.Throws<ProtocolException>(() => HandoverCodec.Decode(bytes));

        Assert.Contains("version 2; this is version 1", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void What_is_cut_off_or_changed_is_refused_or_read(HandoverMessage message)
    {
        var whole = HandoverCodec.Encode(message);
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<ProtocolException>(() => HandoverCodec.Decode(whole.AsSpan(0, length)));
        Assert.Throws<ProtocolException>(() => HandoverCodec.Decode([.. whole, 0]));
        var random = new Prng(1);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = whole.ToArray();
            changed[random.Below(changed.Length)] = (byte)random.Below(256);
            try
            {
                HandoverCodec.Decode(changed);
            }
            catch (ProtocolException)
            {
                // Anything else would end the process.
            }
        }
    }

    private static ImmutableSortedDictionary<string, string> Pairs(params (string Name, string Value)[] pairs) =>
        pairs.ToImmutableSortedDictionary(pair => pair.Name, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
}

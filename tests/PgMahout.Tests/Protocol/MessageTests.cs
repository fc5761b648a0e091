using System.Text;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Protocol;

public sealed class MessageTests
{
    [Fact]
    public void A_startup_message_is_version_3_with_pairs_and_an_end()
    {
        var writer = new FrontendWriter().Startup([new("user", "u"), new("replication", "true")]);

        var expected = "\0\0\0\u0021\0\u0003\0\0user\0u\0replication\0true\0\0"u8.ToArray();
        Assert.Equal(expected.Length, writer.Written[3]);
        Assert.Equal(expected, writer.Written.ToArray());
    }

    [Fact]
    public void Messages_stand_behind_each_other_and_the_buffer_is_used_again()
    {
        var writer = new FrontendWriter();
        writer.Query(new string('x', 2000)).CopyDone().Terminate();

        Assert.Equal(6 + 2000 + 5 + 5, writer.Written.Length);
        Assert.Equal("Q\0\0\0\u0007ab\0"u8.ToArray(), writer.Clear().Query("ab").Written.ToArray());
        writer.Clear().SaslInitial("M", "ab");
        Assert.Equal("p\0\0\0\u000cM\0\0\0\0\u0002ab"u8.ToArray(), writer.Written.ToArray());
        Assert.Equal("p\0\0\0\u0006ab"u8.ToArray(), writer.Clear().SaslResponse("ab").Written.ToArray());
        Assert.Equal("d\0\0\0\u0006ab"u8.ToArray(), writer.Clear().CopyData("ab"u8).Written.ToArray());
        Assert.Equal([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f], writer.Clear().SslRequest().Written.ToArray());
    }

    [Fact]
    public void A_text_with_a_zero_byte_is_never_sent() =>
        Assert.Throws<ArgumentException>(() => new FrontendWriter().Query("DROP\0"));

    [Fact]
    public void A_header_is_read_as_soon_as_it_is_there()
    {
        byte[] bytes = [(byte)'Z', 0, 0, 0, 5, (byte)'I'];

        Assert.False(MessageHeader.TryRead(bytes.AsSpan(0, 4), out _));
        Assert.True(MessageHeader.TryRead(bytes, out var header));
        Assert.Equal(new MessageHeader(BackendType.ReadyForQuery, 1), header);
        bytes[4] = 3;
        Assert.Throws<ProtocolException>(() => MessageHeader.TryRead(bytes, out _));
    }

    [Fact]
    public void A_length_that_no_server_and_no_client_takes_is_none()
    {
        Assert.True(MessageHeader.TryRead([(byte)'Q', 0x3F, 0xFF, 0xFF, 0xFF], out var longest));
        Assert.Equal(0x3FFF_FFFB, longest.BodyLength);
        Assert.Throws<ProtocolException>(() => MessageHeader.TryRead([(byte)'Q', 0x40, 0, 0, 0], out _));
        Assert.Throws<ProtocolException>(() => MessageHeader.TryRead([(byte)'Q', 0x7F, 0xFF, 0xFF, 0xFF], out _));
    }

    [Fact]
    public void An_error_has_its_code_and_an_untranslated_severity()
    {
        var body = "SFEHLER\0VERROR\0C55006\0Mslot is active\0Dfor 7\0Fslot.c\0\0"u8;

        var error = ServerError.Read(body);

        Assert.Equal(new ServerError("ERROR", SqlState.ObjectInUse, "slot is active", "for 7", null), error);
        Assert.Equal("ERROR 55006: slot is active; for 7", error.ToString());
    }

    [Fact]
    public void A_row_has_values_and_nulls()
    {
        var row = DataRow.Read([0, 3, 0, 0, 0, 1, (byte)'a', 255, 255, 255, 255, 0, 0, 0, 0]);

        Assert.Equal(("a", null, ""), (row.Text(0), row.Text(1), row.Text(2)));
        Assert.Null(row.Text(3));
    }

    [Theory]
    [InlineData("\0\u0001\0\0\0\u0005a")]
    [InlineData("\0\u0002\0\0\0\u0001a")]
    [InlineData("\0")]
    public void A_row_that_ends_early_is_no_row(string body) =>
        Assert.Throws<ProtocolException>(() => DataRow.Read(Encoding.Latin1.GetBytes(body)));

    [Fact]
    public void WAL_comes_with_its_place_and_the_end_of_the_server()
    {
        byte[] body = [(byte)'w', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, 7, 8];

        var message = WalMessage.Read(body);

        Assert.True(message.IsData);
        Assert.Equal(("1/2", "1/9", 5), (message.Start.ToString(), message.ServerEnd.ToString(), message.ServerTime));
        Assert.Equal([7, 8], message.Data.ToArray());
    }

    [Fact]
    public void A_sign_of_life_may_want_an_answer()
    {
        byte[] body = [(byte)'k', 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, 1];

        var message = WalMessage.Read(body);

        Assert.Equal((false, true, 9ul), (message.IsData, message.ReplyAsked, message.ServerEnd.Value));
        Assert.True(message.Data.IsEmpty);
        Assert.Throws<ProtocolException>(() => WalMessage.Read([(byte)'x']).IsData);
        Assert.Throws<ProtocolException>(() => WalMessage.Read([(byte)'k', 0]).IsData);
    }

    [Fact]
    public void A_status_tells_written_and_flushed_and_claims_no_replay()
    {
        var bytes = new byte[StandbyStatus.Size];

        new StandbyStatus(new Lsn(0x102), new Lsn(0x101), 3, true).Write(bytes);

        byte[] expected =
        [
            (byte)'r', 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 1,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1,
        ];
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void Time_begins_in_the_year_2000() =>
        Assert.Equal(1_000_000, PostgresTime.From(PostgresTime.Of(0).AddSeconds(1)));
}

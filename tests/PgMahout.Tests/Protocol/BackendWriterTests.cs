using System.Text;
using PgMahout.Core.Protocol;
using Xunit;

namespace PgMahout.Tests.Protocol;

/// <summary>What a server says is read back by what reads servers.</summary>
public sealed class BackendWriterTests
{
    private readonly BackendWriter _writer = new();

    [Fact]
    public void An_error_says_its_severity_twice_for_clients_that_translate_and_those_that_do_not()
    {
        _writer.ErrorResponse("FATAL", "57P03", "no primary", "since 3 s", "wait");

        var body = Only('E');
        Assert.Equal(new ServerError("FATAL", "57P03", "no primary", "since 3 s", "wait"), ServerError.Read(body));
        Assert.StartsWith("SFATAL\0VFATAL\0", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public void A_notice_without_detail_and_hint_has_no_such_fields()
    {
        _writer.NoticeResponse("WARNING", "01000", "careful");

        Assert.Equal(new ServerError("WARNING", "01000", "careful", null, null), ServerError.Read(Only('N')));
    }

    [Fact]
    public void Authentication_is_asked_for_in_every_way_that_a_client_understands()
    {
        _writer.AuthenticationOk().AuthenticationMd5([1, 2, 3, 4]).AuthenticationSasl("A", "B")
            .AuthenticationSaslContinue("r=x").AuthenticationSaslFinal("v=y");

        var asked = Messages().Select(message => AuthenticationRequest.Read(message.Body)).ToList();

        Assert.IsType<AuthenticationRequest.Accepted>(asked[0]);
        Assert.Equal(new AuthenticationRequest.Md5(0x01020304), asked[1]);
        Assert.Equal(["A", "B"], Assert.IsType<AuthenticationRequest.Sasl>(asked[2]).Mechanisms.AsEnumerable());
        Assert.Equal(new AuthenticationRequest.SaslContinue("r=x"), asked[3]);
        Assert.Equal(new AuthenticationRequest.SaslFinal("v=y"), asked[4]);
    }

    [Fact]
    public void A_table_of_texts_has_columns_rows_and_NULL()
    {
        _writer.RowDescription("name", "größe").DataRow("a", null).DataRow("", "ü").CommandComplete("SHOW");

        var messages = Messages();
        Assert.Equal("TDDC", string.Concat(messages.Select(message => (char)message.Type)));
        var columns = new MessageReader(messages[0].Body);
        Assert.Equal(2, columns.Int16());
        Assert.Equal("name", columns.Text());
        Assert.Equal([0, 0, 25], new[] { columns.Int32(), columns.Int16(), columns.Int32() });
        Assert.Equal([-1, -1, 0], new[] { columns.Int16(), columns.Int32(), columns.Int16() });
        Assert.Equal("größe", columns.Text());
        var first = DataRow.Read(messages[1].Body);
        Assert.Equal(("a", null), (first.Text(0), first.Text(1)));
        Assert.Equal(("", "ü"), (DataRow.Read(messages[2].Body).Text(0), DataRow.Read(messages[2].Body).Text(1)));
        Assert.Equal("SHOW\0", Encoding.UTF8.GetString(messages[3].Body));
    }

    [Fact]
    public void The_beginning_of_a_session_is_parameters_key_and_readiness()
    {
        _writer.NegotiateProtocolVersion(0, "_pq_.x").ParameterStatus("TimeZone", "UTC")
            .BackendKeyData(-7, [9, 8, 7, 6]).ReadyForQuery('I');

        var messages = Messages();
        Assert.Equal("vSKZ", string.Concat(messages.Select(message => (char)message.Type)));
        Assert.Equal([0, 3, 0, 0, 0, 0, 0, 1, .. "_pq_.x\0"u8], messages[0].Body);
        Assert.Equal("TimeZone\0UTC\0"u8, messages[1].Body);
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xF9, 9, 8, 7, 6], messages[2].Body);
        Assert.Equal("I"u8, messages[3].Body);
    }

    [Fact]
    public void Short_messages_have_a_type_and_nothing_else()
    {
        _writer.ParseComplete().BindComplete().CloseComplete().NoData().EmptyQueryResponse();

        Assert.Equal("123nI", string.Concat(Messages().Select(message => (char)message.Type)));
        Assert.All(Messages(), message => Assert.Empty(message.Body));
    }

    [Fact]
    public void Memory_is_used_again_and_grows_with_what_is_written()
    {
        var value = new string('x', 100_000);

        _writer.CommandComplete("gone").Clear().DataRow(value);

        Assert.Equal(value, DataRow.Read(Only('D')).Text(0));
    }

    [Fact]
    public void A_zero_byte_inside_a_text_is_refused() =>
        Assert.Throws<ArgumentException>(() => _writer.ErrorResponse("ERROR", "XX000", "a\0b"));

    private byte[] Only(char type)
    {
        var (found, body) = Assert.Single(Messages());
        Assert.Equal(type, (char)found);
        return body;
    }

    private List<(byte Type, byte[] Body)> Messages() => Wire.Split(_writer.Written);
}

using System.Text;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Tests.Protocol;
using Xunit;

namespace PgMahout.Tests.Proxy.Login;

/// <summary>A client's first packets.</summary>
public sealed class StartupTests
{
    [Fact]
    public void A_client_names_itself_its_database_and_its_settings()
    {
        var lookup = new LoginTalk().Give<LoginStep.Lookup>(LoginTalk.Startup(
            "alice", ("database", "shop"), ("application_name", "till"), ("DateStyle", "ISO")));

        Assert.Equal(("alice", "shop", null), (
            lookup.Request.User, lookup.Request.Database, lookup.Request.Replication));
        Assert.Equal(["application_name", "DateStyle"], lookup.Request.Parameters.Keys);
        Assert.Equal("ISO", lookup.Request.Parameters["datestyle"]);
    }

    [Theory]
    [InlineData("alice", null, "alice")]
    [InlineData("alice", "", "alice")]
    [InlineData("alice", "shop", "shop")]
    public void The_database_is_the_users_when_none_is_named(string user, string? named, string database)
    {
        var parameters = named is null ? Array.Empty<(string, string)>() : [("database", named)];

        Assert.Equal(
            database, new LoginTalk().Give<LoginStep.Lookup>(LoginTalk.Startup(user, parameters)).Request.Database);
    }

    [Fact]
    public void Names_end_after_63_bytes_between_two_characters()
    {
        var lookup = new LoginTalk().Give<LoginStep.Lookup>(
            LoginTalk.Startup(new string('a', 62) + "ü", ("database", new string('d', 70))));

        Assert.Equal(new string('a', 62), lookup.Request.User);
        Assert.Equal(new string('d', 63), lookup.Request.Database);
    }

    [Theory]
    [InlineData("-c work_mem=8MB", "work_mem=8MB")]
    [InlineData("-cwork_mem=8MB  --search-path=a,b", "search_path=a,b;work_mem=8MB")]
    [InlineData(@"-c app.name=one\ two\\three", @"app.name=one two\three")]
    [InlineData("\t-c\nx=1\r-c x=2 ", "x=2")]
    [InlineData("-c x=", "x=")]
    [InlineData("", "")]
    public void Settings_among_the_options_are_read_as_PostgreSQL_reads_them(string options, string settings)
    {
        var lookup = new LoginTalk().Give<LoginStep.Lookup>(LoginTalk.Startup("alice", ("options", options)));

        Assert.Equal(settings, string.Join(';', lookup.Request.Parameters.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData("-d 5")]
    [InlineData("-c")]
    [InlineData("-c work_mem")]
    [InlineData("-c 'x=1'")]
    [InlineData("-c x;y=1")]
    [InlineData("-c a..b=1")]
    [InlineData("--")]
    [InlineData("word")]
    public void Other_options_are_refused_and_named(string options) =>
        Assert.Equal("0A000", LoginTalk.Error(
            new LoginTalk().Give(LoginTalk.Startup("alice", ("options", options)))).SqlState);

    [Fact]
    public void A_setting_in_the_packet_wins_over_one_among_its_options()
    {
        var lookup = new LoginTalk().Give<LoginStep.Lookup>(LoginTalk.Startup(
            "alice", ("timezone", "UTC"), ("options", "-c TimeZone=Asia/Seoul")));

        Assert.Equal("UTC", Assert.Single(lookup.Request.Parameters).Value);
    }

    [Fact]
    public void A_setting_whose_name_could_be_a_statement_is_refused() =>
        Assert.Equal("42704", LoginTalk.Error(
            new LoginTalk().Give(LoginTalk.Startup("alice", ("x = 1; DROP TABLE t; --", "1")))).SqlState);

    [Theory]
    [InlineData("true", PoolMode.Session, "true")]
    [InlineData("database", PoolMode.Session, "database")]
    [InlineData("1", PoolMode.Session, "1")]
    [InlineData("no", PoolMode.Session, null)]
    [InlineData("off", PoolMode.Transaction, null)]
    public void Replication_passes_where_clients_keep_their_servers(string value, PoolMode mode, string? seen) =>
        Assert.Equal(seen, new LoginTalk(mode: mode)
            .Give<LoginStep.Lookup>(LoginTalk.Startup("alice", ("replication", value))).Request.Replication);

    [Theory]
    [InlineData("database", "0A000")]
    [InlineData("on", "0A000")]
    [InlineData("maybe", "22023")]
    [InlineData("", "22023")]
    public void Replication_through_pooled_servers_is_refused(string value, string state) =>
        Assert.Equal(state, LoginTalk.Error(
            new LoginTalk().Give(LoginTalk.Startup("alice", ("replication", value)))).SqlState);

    [Fact]
    public void A_newer_protocol_and_its_options_are_talked_down_to_what_is_spoken()
    {
        var talk = new LoginTalk();

        talk.Give<LoginStep.Lookup>(LoginTalk.Packet(
            [0, 3, 0, 2, .. "user\0alice\0_pq_.report\0on\0application_name\0x\0\0"u8]));

        var messages = Wire.Split(Assert.IsType<LoginStep.Send>(talk.Find(Roles.Scram())).Bytes.Span);
        Assert.Equal("vR", string.Concat(messages.Select(message => (char)message.Type)));
        Assert.Equal([0, 3, 0, 0, 0, 0, 0, 1, .. "_pq_.report\0"u8], messages[0].Body);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Another_protocol_is_refused(byte major)
    {
        var error = LoginTalk.Error(new LoginTalk().Give(LoginTalk.Packet([0, major, 0, 0, .. "user\0a\0\0"u8])));

        Assert.Equal("0A000", error.SqlState);
        Assert.Contains($"unsupported frontend protocol {major}.0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_logs_in_without_a_name() =>
        Assert.Equal("28000", LoginTalk.Error(new LoginTalk().Give(LoginTalk.Startup(""))).SqlState);

    [Theory]
    [InlineData("user\0alice\0")]
    [InlineData("user\0alice")]
    [InlineData("user\0")]
    [InlineData("")]
    [InlineData("user\0alice\0\0more")]
    public void A_packet_that_does_not_end_where_it_should_is_refused(string body) =>
        Assert.Equal("08P01", LoginTalk.Error(
            new LoginTalk().Give(LoginTalk.Packet([0, 3, 0, 0, .. Encoding.UTF8.GetBytes(body)]))).SqlState);

    [Fact]
    public void A_name_that_is_not_UTF8_is_refused() =>
        Assert.Equal("08P01", LoginTalk.Error(
            new LoginTalk().Give(LoginTalk.Packet([0, 3, 0, 0, .. "user\0"u8, 0xFF, 0xFE, 0, 0]))).SqlState);

    [Fact]
    public void A_packet_may_come_byte_by_byte()
    {
        var login = new ClientLogin(
            new LoginRules(TlsRule.None, PoolMode.Transaction, Roles.MockSecret), Roles.Random());
        var packet = LoginTalk.Startup("alice", ("database", "shop"));

        for (var length = 0; length < packet.Length; length++)
        {
            Assert.IsType<LoginStep.NeedMore>(login.Receive(packet.AsSpan(0, length), out var none));
            Assert.Equal(0, none);
        }

        Assert.IsType<LoginStep.Lookup>(login.Receive([.. packet, 1, 2, 3], out var taken));
        Assert.Equal(packet.Length, taken);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("\0\0\0\u0007abc")]
    [InlineData("\0\0'\u0011abcd")]
    public void What_cannot_be_a_first_packet_gets_no_answer(string bytes)
    {
        var refused = new LoginTalk().Give<LoginStep.Refused>(Encoding.Latin1.GetBytes(bytes));

        Assert.True(refused.Bytes.IsEmpty);
    }

    [Fact]
    public void A_request_to_cancel_has_the_process_and_its_key()
    {
        var cancel = new LoginTalk().Give<LoginStep.Cancel>(
            new FrontendWriter().CancelRequest(4711, [1, 2, 3, 4]).Written);

        Assert.Equal(4711, cancel.ProcessId);
        Assert.Equal([1, 2, 3, 4], cancel.Key.AsEnumerable());
    }

    [Fact]
    public void A_request_to_cancel_without_a_key_gets_no_answer() => Assert.True(
        new LoginTalk().Give<LoginStep.Refused>(new FrontendWriter().CancelRequest(4711, []).Written).Bytes.IsEmpty);

    [Fact]
    public void A_client_may_leave_before_it_gives_a_password()
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        talk.Find(Roles.Scram());

        Assert.True(talk.Give<LoginStep.Refused>(new FrontendWriter().Terminate().Written).Bytes.IsEmpty);
    }

    [Fact]
    public void Only_a_password_is_taken_where_a_password_is_asked_for_and_not_one_without_end()
    {
        var early = new LoginTalk();
        early.Give<LoginStep.Lookup>(LoginTalk.Startup());
        early.Find(Roles.Scram());
        var endless = new LoginTalk();
        endless.Give<LoginStep.Lookup>(LoginTalk.Startup());
        endless.Find(Roles.Scram());

        Assert.Equal("08P01", LoginTalk.Error(early.Give(new FrontendWriter().Query("SELECT 1").Written)).SqlState);
        Assert.Equal("08P01", LoginTalk.Error(endless.Give([(byte)'p', 0, 1, 0, 5])).SqlState);
    }
}

using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Session;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Proxy.Session.Conversation;

namespace PgMahout.Tests.Proxy.Session;

public sealed class SessionTests
{
    private static readonly byte[] Parsed = Message('1');
    private static readonly byte[] Bound = Message('2');
    private static readonly byte[] Closed = Message('3');
    private static readonly byte[] NoData = Message('n');

    [Fact]
    public void A_query_and_its_answer_pass_as_they_are()
    {
        var talk = new Conversation();

        talk.Says(Query("select 1"));
        Assert.Equal(Query("select 1"), talk.TakeServerBytes());
        Assert.False(talk.Server.IsFree);
        talk.Answers(Row("1"), Complete("SELECT 1"), Ready());

        Assert.Equal([.. Row("1"), .. Complete("SELECT 1"), .. Ready()], talk.TakeClientBytes());
        Assert.True(talk.Server.IsFree);
    }

    [Fact]
    public void A_server_in_a_transaction_is_not_free()
    {
        var talk = new Conversation().Says(Query("begin"));

        talk.Answers(Complete("BEGIN"), Ready('T'));

        Assert.False(talk.Server.IsFree);
    }

    [Fact]
    public void A_batch_keeps_its_server_until_its_sync_also_when_all_was_answered()
    {
        var talk = new Conversation().Says(Parse("", "select 1"), Message('H'));
        talk.Answers(Parsed);
        Assert.False(talk.Server.IsFree);

        talk.Says(Bind(""), Execute(), Sync());
        talk.Answers(Bound, Complete("SELECT 1"), Ready());

        Assert.True(talk.Server.IsFree);
    }

    [Fact]
    public void After_an_error_the_server_waits_for_the_sync_and_is_nobody_elses()
    {
        var talk = new Conversation().Says(Parse("", "selec"), Message('H'));

        talk.Answers(Error());
        Assert.False(talk.Server.IsFree);
        talk.Says(Sync());
        talk.Answers(Ready());

        Assert.True(talk.Server.IsFree);
        Assert.Equal("E Z", talk.ToClient());
    }

    [Fact]
    public void Messages_may_come_byte_by_byte_in_both_directions()
    {
        var talk = new Conversation();
        byte[] said =
            [.. Parse("s", "select $1"), .. Bind("s", "value"), .. Execute(), .. Sync(), .. Query("select 2")];
        byte[] answered = [.. Parsed, .. Bound, .. Row("value"), .. Complete("SELECT 1"), .. Ready(), .. Ready()];

        foreach (var one in said)
            talk.Says([one]);
        Assert.Equal("P:pgmahout_1 B:pgmahout_1 E S Q", talk.ToServer());
        foreach (var one in answered)
            talk.Answers([one]);

        Assert.Equal(answered, talk.TakeClientBytes());
        Assert.True(talk.Server.IsFree);
    }

    [Fact]
    public void A_statement_follows_its_client_to_another_server()
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.ToServer();
        talk.ToClient();

        talk.On(new ServerStream()).Says(Bind("s"), Execute(), Sync());
        Assert.Equal("P:pgmahout_1 B:pgmahout_1 E S", talk.ToServer());
        talk.Answers(Parsed, Bound, Complete("SELECT 1"), Ready());

        // The client did not ask for the first answer.
        Assert.Equal("2 C Z", talk.ToClient());
        Assert.True(talk.Server.IsFree);
    }

    [Fact]
    public void A_statement_that_another_client_has_prepared_is_not_prepared_again()
    {
        var registry = new StatementRegistry();
        var server = new ServerStream();
        var first = new Conversation(registry, server).Says(Parse("a", "select 1"), Sync());
        first.Answers(Parsed, Ready());
        server.End();

        var second = new Conversation(registry, server).Says(Parse("b", "select 1"), Bind("b"), Execute(), Sync());
        Assert.Equal("B:pgmahout_1 E S", second.ToServer());
        second.Answers(Bound, Complete("SELECT 1"), Ready());

        Assert.Equal("1 2 C Z", second.ToClient());
    }

    [Fact]
    public void An_answer_made_here_waits_for_those_before_it()
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.ToClient();

        talk.Says(Query("select 2"), CloseStatement("s"), Sync());
        Assert.Equal("", talk.ToClient());
        talk.Answers(Row("2"), Complete("SELECT 1"), Ready());
        Assert.Equal("D C Z 3", talk.ToClient());
        talk.Answers(Ready());

        Assert.Equal("Z", talk.ToClient());
        Assert.True(talk.Server.IsFree);
    }

    [Fact]
    public void An_error_skips_everything_up_to_the_sync_also_what_was_to_be_answered_here()
    {
        var talk = new Conversation();
        talk.Says(Parse("good", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.ToServer();
        talk.ToClient();

        talk.Says(Parse("bad", "selec"), Parse("late", "select 1"), CloseStatement("good"), Bind("late"), Sync());
        talk.Answers(Error(), Ready());
        Assert.Equal("E Z", talk.ToClient());
        talk.ToServer();

        // PostgreSQL would have kept the first statement, and never have had the two others.
        talk.Says(Bind("good"), Bind("late"), Bind("bad"), Sync());
        Assert.Equal("B:pgmahout_1 B:late B:bad S", talk.ToServer());
    }

    [Fact]
    public void A_statement_that_failed_is_prepared_again_under_the_same_name()
    {
        var talk = new Conversation().Says(Parse("s", "select * from missing"), Sync());
        talk.Answers(Error(), Ready());
        talk.ToServer();

        talk.Says(Parse("s", "select * from missing"), Sync());

        Assert.Equal("P:pgmahout_2 S", talk.ToServer());
    }

    [Fact]
    public void A_name_that_is_taken_is_refused_by_the_server_itself()
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.ToServer();

        talk.On(new ServerStream()).Says(Parse("s", "select 2"), Sync());

        // First it is made sure that the server has the name.
        Assert.Equal("P:pgmahout_1 P:pgmahout_1 S", talk.ToServer());
    }

    [Theory]
    [InlineData("deallocate s")]
    [InlineData("DEALLOCATE PREPARE \"s\";")]
    public void A_statement_may_be_deallocated_in_words(string sql)
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.ToServer();

        talk.On(new ServerStream()).Says(Query(sql));
        Assert.Equal("P:pgmahout_1 Q", talk.ToServer());
        talk.Answers(Parsed, Complete("DEALLOCATE"), Ready());
        Assert.Equal("1 Z C Z", talk.ToClient());

        talk.Says(Bind("s"), Sync());
        Assert.Equal("B:s S", talk.ToServer());
    }

    [Fact]
    public void The_unnamed_statement_follows_too()
    {
        var talk = new Conversation().Says(Parse("", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.ToServer();
        talk.ToClient();

        talk.On(new ServerStream()).Says(Bind(""), Execute(), Sync());
        Assert.Equal("P B E S", talk.ToServer());
        talk.Answers(Parsed, Bound, Complete("SELECT 1"), Ready());

        Assert.Equal("2 C Z", talk.ToClient());
    }

    [Fact]
    public void A_describe_gets_the_servers_name_and_two_answers()
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), DescribeStatement("s"), Sync());

        Assert.Equal("P:pgmahout_1 D:pgmahout_1 S", talk.ToServer());
        talk.Answers(Parsed, Message('t', [0, 0]), NoData, Ready());

        Assert.True(talk.Server.IsFree);
    }

    [Fact]
    public void Discarding_all_forgets_the_statements_of_client_and_server()
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), Sync());
        talk.Answers(Parsed, Ready());
        talk.Says(Query("discard all"));
        talk.Answers(Complete("DISCARD ALL"), Ready());
        talk.ToServer();

        talk.Says(Parse("s", "select 1"), Sync());

        Assert.Equal("P:pgmahout_2 S", talk.ToServer());
    }

    [Fact]
    public void A_server_keeps_a_bounded_number_of_statements_and_drops_the_least_used()
    {
        var talk = new Conversation();
        for (var i = 1; i <= 501; i++)
        {
            talk.Says(Parse("s" + i, "select " + i), Sync());
            talk.Answers(i <= 500 ? [Parsed, Ready()] : [Parsed, Closed, Ready()]);
        }
        Assert.EndsWith("P:pgmahout_501 C:pgmahout_1 S", talk.ToServer());
        Assert.EndsWith("1 Z", talk.ToClient());
        Assert.True(talk.Server.IsFree);

        talk.Says(Bind("s1"), Sync());

        Assert.StartsWith("P:pgmahout_1 C:pgmahout_2 B:pgmahout_1", talk.ToServer());
    }

    [Fact]
    public void In_a_copy_the_server_reads_over_a_sync_and_so_do_we()
    {
        var talk = new Conversation();
        talk.Says(Parse("", "copy t from stdin"), Bind(""), Execute(), Sync());
        talk.Answers(Parsed, Bound, Message('G', [0, 0, 0]));
        talk.Says(Message('d', [1]), Message('c'), Sync());
        talk.Answers(Complete("COPY 1"), Ready());

        Assert.True(talk.Server.IsFree);
        Assert.Equal("1 2 G C Z", talk.ToClient());
    }

    [Fact]
    public void What_a_client_did_not_ask_for_does_not_reach_it()
    {
        var talk = new Conversation().Begin();
        talk.Server.Expect(new Reply(ReplyKind.Query, ReplyFate.Swallow), NoPassage.Instance);
        talk.Says(Query("select 1"));

        talk.Answers(Complete("SET"), Reported("TimeZone", "UTC"), Ready(), Row("1"), Complete("SELECT 1"), Ready());

        Assert.Equal("D C Z", talk.ToClient());
        Assert.Equal("UTC", talk.Server.Parameters.Values["timezone"]);
        Assert.False(talk.Server.IsSpoilt);
    }

    [Fact]
    public void A_server_whose_settings_could_not_be_made_is_spoilt()
    {
        var talk = new Conversation().Begin();
        talk.Server.Expect(new Reply(ReplyKind.Query, ReplyFate.Swallow), NoPassage.Instance);

        talk.Answers(Error(), Ready());

        Assert.Equal("", talk.ToClient());
        Assert.True(talk.Server.IsSpoilt);
    }

    [Fact]
    public void The_end_of_the_wal_is_heard_and_not_passed_on()
    {
        var talk = new Conversation().Begin();
        talk.Server.Expect(new Reply(ReplyKind.Position, ReplyFate.Swallow), NoPassage.Instance);

        talk.Answers(Message('T', [0, 0]), Row("0/3000148"), Complete("SELECT 1"), Ready());

        Assert.Equal(Lsn.Parse("0/3000148"), talk.Server.Position);
        Assert.Equal("", talk.ToClient());
    }

    [Fact]
    public void Where_a_client_keeps_its_server_nothing_is_renamed()
    {
        var talk = new Conversation(new StatementRegistry(), new ServerStream(), renames: false);

        talk.Says(Parse("s", "select 1"), Bind("s"), Execute(), CloseStatement("s"), Sync());

        Assert.Equal("P:s B:s E C:s S", talk.ToServer());
    }

    [Fact]
    public void A_question_for_the_end_of_the_wal_that_fails_leaves_no_older_answer()
    {
        var talk = new Conversation().Begin();
        talk.Server.Expect(new Reply(ReplyKind.Position, ReplyFate.Swallow), NoPassage.Instance);
        talk.Answers(Row("0/3000148"), Complete("SELECT 1"), Ready());

        talk.Server.Expect(new Reply(ReplyKind.Position, ReplyFate.Swallow), NoPassage.Instance);
        talk.Answers(Error(), Ready());

        Assert.Null(talk.Server.Position);
        Assert.True(talk.Server.IsSpoilt);
    }

    [Fact]
    public void A_client_may_not_speak_as_a_server() =>
        Assert.Throws<ProtocolException>(() => new Conversation().Says(Message('Z', [(byte)'I'])));

    [Fact]
    public void A_server_may_not_answer_what_it_was_not_asked() =>
        Assert.Throws<ProtocolException>(() => new Conversation().Answers(Parsed));

    [Fact]
    public void A_message_that_must_be_kept_whole_has_a_limit()
    {
        var talk = new Conversation();
        var whole = Parse("s", new string('x', 2 << 20));

        Assert.Throws<ProtocolException>(() =>
        {
            for (var at = 0; at < whole.Length; at += 8192)
                talk.Says(whole[at..Math.Min(whole.Length, at + 8192)]);
        });
    }
}

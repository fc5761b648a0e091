using PgMahout.Core.Proxy.Session;
using Xunit;
using static PgMahout.Tests.Proxy.Session.Conversation;

namespace PgMahout.Tests.Proxy.Session;

/// <summary>What a lost server means for the work of its client: done, undone, or unknown.</summary>
public sealed class LostWorkTests
{
    private static readonly byte[] Parsed = Message('1');

    [Fact]
    public void A_cancelled_wait_for_a_standby_is_never_passed_on_as_success()
    {
        var talk = new Conversation().Says(Query("commit"));

        var stop = talk.Answers(Notice("SyncRepWaitForLSN"), Complete("COMMIT"), Ready());

        Assert.Equal(ServerStop.Doubtful, stop);
        Assert.Equal("", talk.ToClient());
        Assert.Equal(LostWork.Unknown, talk.Server.Lost());
    }

    [Theory]
    [InlineData("insert into t values (1)", LostWork.RolledBack)]
    [InlineData("commit", LostWork.Unknown)]
    [InlineData("END", LostWork.Unknown)]
    [InlineData("/* now */ commit", LostWork.Unknown)]
    [InlineData("insert into t values (1); commit", LostWork.Unknown)]
    [InlineData("prepare transaction 'x'", LostWork.Unknown)]
    [InlineData("rollback", LostWork.RolledBack)]
    public void A_lost_server_means_what_was_under_way_in_the_transaction(string sql, LostWork expected)
    {
        var talk = new Conversation().Says(Query("begin"));
        talk.Answers(Complete("BEGIN"), Ready('T'));

        talk.Says(Query(sql));

        Assert.Equal(expected, talk.Server.Lost());
    }

    [Fact]
    public void Outside_of_a_transaction_anything_may_have_committed()
    {
        var talk = new Conversation();
        talk.Begin();
        Assert.Equal(LostWork.Nothing, talk.Server.Lost());

        talk.Says(Query("insert into t values (1)"));

        Assert.Equal(LostWork.Unknown, talk.Server.Lost());
    }

    [Fact]
    public void A_prepared_commit_is_a_commit()
    {
        var talk = new Conversation().Says(Parse("c", "commit"), Sync());
        talk.Answers(Parsed, Ready());
        talk.Says(Query("begin"));
        talk.Answers(Complete("BEGIN"), Ready('T'));

        talk.Says(Bind("c"), Execute(), Sync());

        Assert.Equal(LostWork.Unknown, talk.Server.Lost());
    }

    [Fact]
    public void Work_that_never_reached_a_server_is_undone_here()
    {
        var talk = new Conversation().Says(Parse("s", "select 1"), Bind("s"), Execute(), Sync());
        talk.ToServer();

        talk.Server.Abandon();
        talk.Client.Rewind();
        talk.On(new ServerStream()).Says(Parse("s", "select 1"), Bind("s"), Execute(), Sync());

        Assert.Equal("P:pgmahout_2 B:pgmahout_2 E S", talk.ToServer());
    }
}

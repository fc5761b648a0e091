using PgMahout.Core.Proxy.Admin;
using Xunit;

namespace PgMahout.Tests.Proxy.Admin;

public sealed class AdminCommandTests
{
    [Theory]
    [InlineData("SHOW POOLS", AdminSubject.Pools)]
    [InlineData(" show\n pools ; ", AdminSubject.Pools)]
    [InlineData("SHOW CLIENTS;;", AdminSubject.Clients)]
    [InlineData("show stats_totals", AdminSubject.StatsTotals)]
    [InlineData("Show Mem", AdminSubject.Memory)]
    [InlineData("SHOW", AdminSubject.Help)]
    public void What_to_show_is_understood(string text, AdminSubject subject) =>
        Assert.Equal(new AdminCommand.Show(subject), AdminCommand.Parse(text));

    [Fact]
    public void Commands_take_a_database_or_mean_all()
    {
        Assert.Equal(new AdminCommand.Pause(null), AdminCommand.Parse("PAUSE"));
        Assert.Equal(new AdminCommand.Pause("Sales"), AdminCommand.Parse("pause Sales;"));
        Assert.Equal(new AdminCommand.Resume("a \"b"), AdminCommand.Parse("RESUME \"a \"\"b\""));
        Assert.Equal(new AdminCommand.Kill("x"), AdminCommand.Parse("kill x"));
        Assert.Equal(new AdminCommand.Reconnect(null), AdminCommand.Parse("reconnect"));
        Assert.Equal(new AdminCommand.Reload(), AdminCommand.Parse("RELOAD"));
        Assert.Equal(new AdminCommand.Shutdown(ShutdownMode.Immediate), AdminCommand.Parse("shutdown"));
        Assert.Equal(
            new AdminCommand.Shutdown(ShutdownMode.WaitForServers), AdminCommand.Parse("SHUTDOWN WAIT_FOR_SERVERS;"));
        Assert.Equal(
            new AdminCommand.Shutdown(ShutdownMode.WaitForClients), AdminCommand.Parse("shutdown wait_for_clients"));
        Assert.Equal(new AdminCommand.Empty(), AdminCommand.Parse(" ; "));
        Assert.Equal("PAUSE", AdminCommand.Parse("PAUSE").Tag);
    }

    [Theory]
    [InlineData("SHOW NOTHING", "42601", "invalid command 'SHOW NOTHING', use SHOW HELP;", "STATS_AVERAGES")]
    [InlineData("SELECT 1;", "42601", "invalid command 'SELECT 1', use SHOW HELP;", "runs no SQL")]
    [InlineData("RELOAD now", "42601", "invalid command 'RELOAD now', use SHOW HELP;", "RELOAD")]
    [InlineData("PAUSE a b", "42601", "invalid command 'PAUSE a b', use SHOW HELP;", "PAUSE [db]")]
    [InlineData("PAUSE; RESUME", "42601", "invalid command 'PAUSE; RESUME', use SHOW HELP;", "PAUSE [db]")]
    [InlineData("KILL \"a", "42601", "invalid command 'KILL \"a', use SHOW HELP;", "KILL [db]")]
    [InlineData("SHUTDOWN slowly", "42601", "invalid command 'SHUTDOWN slowly', use SHOW HELP;", "WAIT_FOR_SERVERS")]
    [InlineData("SHOW FDS", "0A000", "SHOW FDS is PgBouncer's; pgmahout does not have it", "SHOW")]
    [InlineData("SUSPEND", "0A000", "SUSPEND is PgBouncer's; pgmahout does not have it", "PAUSE")]
    [InlineData("SET pool_mode = session", "0A000", "the console does not change settings", "RELOAD")]
    public void What_is_refused_says_what_is_possible(string text, string state, string message, string hint)
    {
        var refused = Assert.IsType<AdminCommand.Refused>(AdminCommand.Parse(text));

        Assert.Equal((state, message), (refused.SqlState, refused.Message));
        Assert.Contains(hint, refused.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_text_is_not_repeated_whole()
    {
        var refused = Assert.IsType<AdminCommand.Refused>(AdminCommand.Parse(new string('x', 9000)));

        Assert.InRange(refused.Message.Length, 1, 120);
    }
}

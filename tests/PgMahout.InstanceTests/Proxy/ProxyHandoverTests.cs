using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using PgMahout.Core.Proxy.Handover;
using PgMahout.InstanceTests.Replication;
using PgMahout.Proxy.Handover;
using PgMahout.Tests.Proxy.Tls;
using Xunit;
using static PgMahout.InstanceTests.Proxy.RunningProxy;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>Another process takes a proxy's place, and its clients go on.</summary>
public sealed class ProxyHandoverTests
{
    /// <summary>The engines of both processes need not be the same.</summary>
    public static TheoryData<bool, bool> Engines => new()
    {
        { true, true }, { true, false }, { false, true }, { false, false },
    };

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Clients_that_keep_asking_see_nothing_of_it(bool before, bool after)
    {
        await using var first = await StartAsync(before);
        using var stop = new CancellationTokenSource();
        var asked = new int[50];
        var asking = Enumerable.Range(0, 50).Select(i => KeepAskingAsync(first, asked, i, stop.Token)).ToArray();
        var coming = KeepComingAsync(first, stop.Token);
        await EventuallyAsync(() => asked.All(count => count > 0));

        await using var second = await first.SucceedAsync(after);
        await first.EndedAsync();
        var then = asked.ToArray();
        await EventuallyAsync(() => asked.Zip(then).All(pair => pair.First > pair.Second + 2));
        await stop.CancelAsync();

        await Task.WhenAll(asking);
        Assert.True(await coming > 0);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Who_comes_just_before_the_first_stops_listening_is_let_in(bool before, bool after)
    {
        await using var first = await StartAsync(before);
        await using var staying = await first.ConnectAsync("SSL Mode=Disable");
        using var busy = new ManualResetEventSlim();
        using var coming = new TcpClient();

        await using var second = await first.SucceedAsync(after, between: async () =>
        {
            // The kernel may tell only one of both processes of a client: the first, which next hears that it is to
            // stop.
            first.Proxy.Remark(() => busy.Wait(LoneServer.Limit));
            await coming.ConnectAsync(IPAddress.Loopback, first.Port);
        });
        busy.Set();

        var asksForTls = new byte[] { 0, 0, 0, 8, 4, 210, 22, 47 };
        await coming.GetStream().WriteAsync(asksForTls);
        using var limit = new CancellationTokenSource(LoneServer.Limit);
        var answer = new byte[1];
        await coming.GetStream().ReadExactlyAsync(answer, limit.Token);
        Assert.Equal((byte)'N', answer[0]);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_session_goes_over_with_all_that_it_is(bool before, bool after)
    {
        await using var first = await StartAsync(before);
        await using var client = await first.ConnectAsync(
            "Timezone=Asia/Seoul;Application Name=moving;Search Path=pg_catalog");
        await using var command = new NpgsqlCommand("SELECT $1::int + 1", client);
        command.Parameters.Add(new() { Value = 1 });
        await command.PrepareAsync();
        Assert.Equal(2, await command.ExecuteScalarAsync());
        await AskAsync<int>(client, "SET DateStyle = 'German'; SELECT 1");

        await using var second = await first.SucceedAsync(after);
        await first.EndedAsync();

        command.Parameters[0].Value = 2;
        Assert.Equal(3, await command.ExecuteScalarAsync());
        Assert.Equal("moving Asia/Seoul pg_catalog German, DMY", await AskAsync<string>(
            client,
            "SELECT concat_ws(' ', current_setting('application_name'), current_setting('TimeZone'), "
            + "current_setting('search_path'), current_setting('DateStyle'))"));
        await second.UntilAsync(report => report.Clients == 1);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_transaction_ends_where_it_began_and_can_be_cancelled(bool before, bool after)
    {
        await using var first = await StartAsync(before);
        await using var client = await first.ConnectAsync();
        await AskAsync<int>(client, "BEGIN; CREATE TABLE begun (n int); SELECT 1");

        await using var second = await first.SucceedAsync(after);
        await first.UntilAsync(report => !report.Listening);
        // The request comes to the process that listens, and is about a client of the other one.
        await using var sleeping = new NpgsqlCommand("SELECT pg_sleep(60)", client);
        var slept = sleeping.ExecuteNonQueryAsync();
        // One that came too early would hit nothing, and the driver sends no other.
        await first.SleepsAsync();
        await EventuallyAsync(() =>
        {
            sleeping.Cancel();
            return slept.IsCompleted;
        });

        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => slept);
        Assert.Equal("57014", Assert.IsType<PostgresException>(cancelled.GetBaseException()).SqlState);
        Assert.False(first.HasEnded);
        await new NpgsqlCommand("ROLLBACK", client).ExecuteNonQueryAsync();
        await first.EndedAsync();
        Assert.True(await AskAsync<bool>(client, "SELECT to_regclass('begun') IS NULL"));
    }

    [Fact]
    public async Task Who_cannot_move_stays_until_it_leaves()
    {
        using var files = new TestCertificates("127.0.0.1");
        await using var first = await StartAsync(
            onlyEpoll: false, settings => settings with { CertificateFile = files.Chain, KeyFile = files.Key });
        await using var encrypted = await first.ConnectAsync("SSL Mode=Require");
        await using var plain = await first.ConnectAsync("SSL Mode=Disable");

        await using var second = await first.SucceedAsync(onlyEpoll: false);
        await second.UntilAsync(report => report.Clients == 1);

        Assert.Equal(1, await AskAsync<int>(encrypted, "SELECT 1"));
        Assert.Equal(1, await AskAsync<int>(plain, "SELECT 1"));
        Assert.False(first.HasEnded);
        await encrypted.CloseAsync();
        await first.EndedAsync();
    }

    [Fact]
    public async Task A_successor_that_dies_leaves_everything_as_it_was()
    {
        await using var first = await StartAsync(onlyEpoll: false);
        await using var client = await first.ConnectAsync();
        using var succession = new Succession(first.HandoverPath);
        var waiting = Task.Run(() => succession.Await(first.Proxy, 0, paused: false, LoneServer.Limit));
        var found = Predecessor.Find(first.HandoverPath, LoneServer.Limit, out _)!;
        found.Line.End();

        Assert.Equal("it did not come to listen", await waiting);
        Assert.Equal(1, await AskAsync<int>(client, "SELECT 1"));
        await using var another = await first.ConnectAsync();
        Assert.Equal(2, await AskAsync<int>(another, "SELECT 2"));
    }

    [Fact]
    public async Task Clients_whom_a_dying_successor_has_not_confirmed_are_served_on()
    {
        await using var first = await StartAsync(onlyEpoll: false);
        await using var client = await first.ConnectAsync();
        using var succession = new Succession(first.HandoverPath);
        var waiting = Task.Run(() => succession.Await(first.Proxy, 0, paused: false, LoneServer.Limit));
        var found = Predecessor.Find(first.HandoverPath, LoneServer.Limit, out _)!;
        Assert.Equal(LineSending.Sent, found.Line.Send(new HandoverMessage.Listening()));
        Assert.Null(await waiting);
        first.Proxy.Retire(succession);
        // It is sent the client, and says nothing of it.
        Assert.IsType<HandoverMessage.Client>(found.Line.Receive(LoneServer.Limit)?.Message);

        var asking = AskAsync<int>(client, "SELECT 1");
        Assert.False(asking.IsCompleted);
        found.Line.End();

        Assert.Equal(1, await asking);
    }

    private static async Task KeepAskingAsync(RunningProxy proxy, int[] asked, int number, CancellationToken stop)
    {
        await using var client = await proxy.ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT $1::int", client);
        command.Parameters.Add(new() { Value = number });
        await command.PrepareAsync(CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            Assert.Equal(number, await command.ExecuteScalarAsync(CancellationToken.None));
            asked[number]++;
        }
    }

    private static async Task<int> KeepComingAsync(RunningProxy proxy, CancellationToken stop)
    {
        var came = 0;
        for (; !stop.IsCancellationRequested; came++)
        {
            await using var client = await proxy.ConnectAsync();
            Assert.Equal(1, await AskAsync<int>(client, "SELECT 1"));
        }
        return came;
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < LoneServer.Limit, "it never came so far");
            await Task.Delay(10);
        }
    }
}

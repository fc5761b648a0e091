using System.Text;
using PgMahout.Core.Protocol;
using Xunit;
using static PgMahout.InstanceTests.Proxy.RunningProxy;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>What slow and hostile clients get, and that the others do not notice.</summary>
public sealed class ProxyLimitTests
{
    public static TheoryData<bool> Engines => [true, false];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Who_does_not_log_in_is_turned_away_after_a_while(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(
            onlyEpoll, settings => settings with { LoginLimit = TimeSpan.FromMilliseconds(300) });
        using var silent = new RawClient(proxy.Port);
        using var slow = new RawClient(proxy.Port);
        slow.Send([0, 0, 0]);

        Assert.Equal("08006", silent.UntilError().SqlState);
        Assert.Null(silent.Read());
        Assert.Equal("08006", slow.UntilError().SqlState);
        await proxy.UntilAsync(report => report.Clients == 0);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_statement_to_prepare_is_kept_only_up_to_a_limit(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, settings => settings with { MessageLimit = 1 << 20 });
        using var client = RawClient.LogIn(proxy.Port);
        // What is only passed on may be longer.
        client.Send(new FrontendWriter().Query($"SELECT length('{new string('x', 3 << 20)}')").Written);
        client.Until((byte)'Z');

        client.Send(Parse("long", new string('y', (1 << 20) + 100)));

        var error = client.UntilError();
        Assert.Equal("08P01", error.SqlState);
        Assert.Contains("more than 1048576 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task One_client_cannot_fill_the_memory_with_names(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll);
        using var client = RawClient.LogIn(proxy.Port);
        var reading = Task.Run(client.UntilError);

        for (var i = 0; i <= 20_000; i++)
            client.Send([.. Parse($"s{i}", "SELECT 1"), (byte)'S', 0, 0, 0, 4]);

        Assert.Contains("20000 prepared statements", (await reading).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_deep_pipeline_is_answered_in_full(bool onlyEpoll)
    {
        const int Deep = 100_000;
        await using var proxy = await StartAsync(onlyEpoll);
        using var client = RawClient.LogIn(proxy.Port);
        var answered = Task.Run(() =>
        {
            var count = 0;
            while (count < Deep && client.Read() is var (type, _))
                count += type == (byte)'Z' ? 1 : 0;
            return count;
        });
        var syncs = new byte[5 * 1000];
        for (var i = 0; i < syncs.Length; i += 5)
            (syncs[i], syncs[i + 4]) = ((byte)'S', 4);

        for (var i = 0; i < Deep; i += 1000)
            client.Send(syncs);

        Assert.Equal(Deep, await answered);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Clients_that_do_not_read_leave_the_others_what_they_need(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(
            onlyEpoll, settings => settings with { MemoryLimit = 4 << 20, PoolSize = 12 });
        var deaf = Enumerable.Range(0, 10).Select(_ => RawClient.LogIn(proxy.Port)).ToList();
        var before = Environment.WorkingSet;
        foreach (var client in deaf)
            client.Send(new FrontendWriter().Query(
                "SELECT repeat('x', 10000) FROM generate_series(1, 20000)").Written);
        await using var other = await proxy.ConnectAsync();
        for (var i = 0; i < 100; i++)
            Assert.Equal(i, await AskAsync<int>(other, $"SELECT {i}"));

        Assert.True(Environment.WorkingSet - before < 200 << 20, "2 GB of answers are not for the memory");
        // It was only kept waiting.
        var rows = 0;
        while (deaf[0].Read() is var (type, _) && type != (byte)'Z')
            rows += type == (byte)'D' ? 1 : 0;
        Assert.Equal(20_000, rows);
        deaf.ForEach(client => client.Dispose());
        await proxy.UntilAsync(report => report.Clients == 1);
    }

    private static byte[] Parse(string name, string sql)
    {
        byte[] body = [.. Encoding.UTF8.GetBytes(name), 0, .. Encoding.UTF8.GetBytes(sql), 0, 0, 0];
        var message = new byte[MessageHeader.Size + body.Length];
        MessageHeader.Write(message, (byte)'P', body.Length);
        body.CopyTo(message, MessageHeader.Size);
        return message;
    }
}

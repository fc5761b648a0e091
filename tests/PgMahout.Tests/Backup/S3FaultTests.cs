using PgMahout.Backup.Repositories;
using PgMahout.Postgres;
using Xunit;

namespace PgMahout.Tests.Backup;

/// <summary>A bucket behind a line that fails; with a server of its own, which cut connections may end.</summary>
public sealed class S3FaultTests : IClassFixture<S3Server>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly S3Server _server;

    public S3FaultTests(S3Server server)
    {
        Assert.SkipWhen(server.Missing is not null, server.Missing ?? "");
        _server = server;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(Fault.InternalError))]
    [InlineData(nameof(Fault.SlowDown))]
    [InlineData(nameof(Fault.CutAtOnce))]
    [InlineData(nameof(Fault.CutInTheAnswer))]
    [InlineData(nameof(Fault.Silence))]
    public async Task A_fault_that_passes_is_not_noticed(string name)
    {
        var fault = Enum.Parse<Fault>(name);
        var settings = _server.Settings();
        var limit = fault == Fault.Silence ? TimeSpan.FromSeconds(1) : Limit;
        var content = FrameCodecTests.Noise(100_000, 4);
        var into = new byte[content.Length];

        foreach (var step in Enumerable.Range(0, 5))
        {
            // Each step by a connection of its own, so that it meets the fault.
            await using var front = new FaultyFront(_server.Port);
            var throughFront = settings with { Endpoint = new Uri($"http://127.0.0.1:{front.Port}") };
            await using var store = new S3Store(throughFront, limit, TimeProvider.System);
            front.Faults.Enqueue(fault);
            if (step == 0)
                Done(await store.PutAsync("x", content, Flushing.Now, Token));
            else if (step == 1)
                Assert.Equal(content.Length, Value(await store.ReadAsync("x", 0, into, Token)));
            else if (step == 2)
                Assert.Equal(["x"], Value(await store.ListAsync("", Token)).Select(entry => entry.Name));
            else if (step == 3)
                Assert.Equal(content.Length, Value(await store.LengthAsync("x", Token)));
            else
                Done(await store.DeleteAsync(["x"], Token));
            Assert.Empty(front.Faults);
        }

        Assert.Equal(content, into);
    }

    [Theory]
    [InlineData(nameof(Fault.InternalError), StoreProblems.UnreachableCode)]
    [InlineData(nameof(Fault.CutAtOnce), StoreProblems.UnreachableCode)]
    [InlineData(nameof(Fault.Silence), StoreProblems.TooSlowCode)]
    public async Task A_fault_that_stays_is_told_in_time(string name, string code)
    {
        await using var front = new FaultyFront(_server.Port);
        await using var store = new S3Store(
            _server.Settings(front.Port), TimeSpan.FromSeconds(code == StoreProblems.TooSlowCode ? 0.5 : 10),
            TimeProvider.System);
        for (var i = 0; i < 500; i++)
            front.Faults.Enqueue(Enum.Parse<Fault>(name));

        var outcome = await store.PutAsync("x", new byte[10], Flushing.Now, Token)
            .WaitAsync(TimeSpan.FromSeconds(20), Token);

        Assert.Equal(code, outcome.Failure?.Code);
    }

    private static void Done(Outcome outcome) => Assert.True(outcome is Outcome.Done, outcome.Failure?.ToString());

    private static T Value<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.TryGet(out var value), outcome.Failure?.ToString());
        return value;
    }
}

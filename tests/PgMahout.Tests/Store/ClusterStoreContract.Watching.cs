using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using Xunit;

namespace PgMahout.Tests.Store;

// What a store promises to whoever watches it.
public abstract partial class ClusterStoreContract
{
    [Fact]
    public async Task Watcher_is_called_after_a_change_by_another_client()
    {
        var (writer, reader) = (Connect(), Connect());
        await Read(reader);
        var called = new SemaphoreSlim(0);
        using var watch = reader.Watch(() => called.Release());

        await Put(writer, "a", Revision.None, "1");

        Assert.True(await called.WaitAsync(Limit, Cancellation));
        Assert.NotNull((await Read(reader)).Find("a"));
    }

    [Fact]
    public async Task Watcher_is_called_after_a_deletion()
    {
        var (writer, reader) = (Connect(), Connect());
        var revision = await Put(writer, "a", Revision.None, "1");
        await Read(reader);
        var called = new SemaphoreSlim(0);
        using var watch = reader.Watch(() => called.Release());

        await Put(writer, "a", revision, null);

        Assert.True(await called.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Watcher_hears_of_the_last_of_many_changes()
    {
        var (writer, reader) = (Connect(), Connect());
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watch = reader.Watch(() => _ = CompleteAt("39", reader, last));

        var revision = Revision.None;
        for (var i = 0; i < 40; i++)
            revision = await Put(writer, "a", revision, $"{i}");

        await last.Task.WaitAsync(Limit, Cancellation);
    }

    [Fact]
    public async Task Change_between_the_last_read_and_the_watch_is_not_missed()
    {
        var (writer, reader) = (Connect(), Connect());
        await Read(reader);
        await Put(writer, "a", Revision.None, "1");
        var called = new SemaphoreSlim(0);

        using var watch = reader.Watch(() => called.Release());

        Assert.True(await called.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Journal_does_not_call_the_watcher()
    {
        var (writer, reader) = (Connect(), Connect());
        await Read(reader);
        var calls = 0;
        var called = new SemaphoreSlim(0);
        using var watch = reader.Watch(() =>
        {
            Interlocked.Increment(ref calls);
            called.Release();
        });

        for (var i = 0; i < 20; i++)
            await Append(writer, $"entry {i}");
        await Put(writer, "a", Revision.None, "1");

        Assert.True(await called.WaitAsync(Limit, Cancellation));
        Assert.Equal(1, Volatile.Read(ref calls));
    }

    [Fact]
    public async Task Disposed_watch_calls_nobody_and_others_go_on()
    {
        var (writer, reader) = (Connect(), Connect());
        await Read(reader);
        var calls = 0;
        var called = new SemaphoreSlim(0);
        var ended = reader.Watch(() => Interlocked.Increment(ref calls));
        using var watch = reader.Watch(() => called.Release());
        ended.Dispose();

        await Put(writer, "a", Revision.None, "1");

        Assert.True(await called.WaitAsync(Limit, Cancellation));
        Assert.Equal(0, Volatile.Read(ref calls));
    }

    private static async Task CompleteAt(string value, IClusterStore store, TaskCompletionSource reached)
    {
        if ((await Read(store)).Find("a")?.Value == value)
            reached.TrySetResult();
    }
}

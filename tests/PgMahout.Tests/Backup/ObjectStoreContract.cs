using PgMahout.Backup.Repositories;
using PgMahout.Postgres;
using Xunit;

namespace PgMahout.Tests.Backup;

/// <summary>What every object store promises, whatever it keeps its objects in.</summary>
public abstract class ObjectStoreContract
{
    protected abstract IObjectStore Store { get; }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Flushing.Now, 0)]
    [InlineData(Flushing.Now, 5)]
    [InlineData(Flushing.Later, 3_000_000)]
    public async Task What_was_put_is_read(Flushing flushing, int length)
    {
        var content = FrameCodecTests.Noise(length, 3);

        Done(await Store.PutAsync("a/b/c.x", content, flushing, Token));
        Done(await Store.FlushAsync(Token));

        Assert.Equal(content, await ReadAllAsync("a/b/c.x"));
        Assert.Equal(length, Value(await Store.LengthAsync("a/b/c.x", Token)));
    }

    [Fact]
    public async Task A_part_of_an_object_can_be_read()
    {
        Done(await Store.PutAsync("x", FrameCodecTests.Text(1000), Flushing.Now, Token));
        var into = new byte[100];

        Assert.Equal(100, Value(await Store.ReadAsync("x", 500, into, Token)));
        Assert.Equal(FrameCodecTests.Text(1000)[500..600], into);
        Assert.Equal(10, Value(await Store.ReadAsync("x", 990, into, Token)));
        Assert.Equal(0, Value(await Store.ReadAsync("x", 1000, into, Token)));
        Assert.Equal(0, Value(await Store.ReadAsync("x", 5000, into, Token)));
    }

    [Fact]
    public async Task An_object_is_replaced_whole()
    {
        Done(await Store.PutAsync("x", FrameCodecTests.Text(1000), Flushing.Now, Token));
        Done(await Store.PutAsync("x", FrameCodecTests.Noise(30, 1), Flushing.Now, Token));

        Assert.Equal(FrameCodecTests.Noise(30, 1), await ReadAllAsync("x"));
    }

    [Fact]
    public async Task A_missing_object_is_told_from_an_empty_one()
    {
        Done(await Store.PutAsync("empty", Array.Empty<byte>(), Flushing.Now, Token));

        Assert.Equal(0, Value(await Store.LengthAsync("empty", Token)));
        Assert.Null(Value(await Store.LengthAsync("missing", Token)));
        Assert.Equal(
            IObjectStore.Missing, (await Store.ReadAsync("missing", 0, new byte[5], Token)).Failure?.Code);
        Assert.Equal(
            IObjectStore.Missing, (await Store.ReadAsync("no/such/thing", 0, new byte[5], Token)).Failure?.Code);
    }

    [Fact]
    public async Task Of_many_that_create_an_object_one_succeeds()
    {
        var created = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            Store.CreateAsync("only/one", new[] { (byte)i }, Token)));

        var winner = Assert.Single(created.Index(), outcome => Value(outcome.Item));
        Assert.Equal([(byte)winner.Index], await ReadAllAsync("only/one"));
        Assert.False(Value(await Store.CreateAsync("only/one", new byte[9], Token)));
        Assert.Equal([(byte)winner.Index], await ReadAllAsync("only/one"));
    }

    [Fact]
    public async Task Objects_are_listed_in_the_order_of_their_names()
    {
        string[] names = ["b/1", "a.json", "a/2", "a/10", "a-x/1", "a/2.part/00", "B/9"];
        foreach (var name in names)
            Done(await Store.PutAsync(name, new byte[name.Length], Flushing.Later, Token));

        Assert.Equal(names.Order(StringComparer.Ordinal), await NamesAsync(""));
        Assert.Equal(["a-x/1", "a.json", "a/10", "a/2", "a/2.part/00"], await NamesAsync("a"));
        Assert.Equal(["a/10", "a/2", "a/2.part/00"], await NamesAsync("a/"));
        Assert.Equal(["a/2", "a/2.part/00"], await NamesAsync("a/2"));
        Assert.Empty(await NamesAsync("c/"));
        Assert.Equal(5, Value(await Store.ListAsync("a-x/1", Token))[0].Length);
    }

    [Fact]
    public async Task More_objects_than_a_page_of_a_list_holds_are_listed()
    {
        const int Many = 1050;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async lane =>
        {
            for (var i = lane; i < Many; i += 8)
                Done(await Store.PutAsync($"many/{i:D6}", new byte[1], Flushing.Later, Token));
        }));

        Assert.Equal(Enumerable.Range(0, Many).Select(i => $"many/{i:D6}"), await NamesAsync("many/"));
        Done(await Store.DeleteAsync([.. Enumerable.Range(0, Many).Select(i => $"many/{i:D6}")], Token));
        Assert.Empty(await NamesAsync("many/"));
    }

    [Fact]
    public async Task What_was_deleted_is_gone_and_may_be_deleted_again()
    {
        Done(await Store.PutAsync("a/1", new byte[1], Flushing.Now, Token));
        Done(await Store.PutAsync("a/2", new byte[1], Flushing.Now, Token));

        Done(await Store.DeleteAsync(["a/1", "a/none", "none/at/all"], Token));
        Done(await Store.DeleteAsync(["a/1"], Token));
        Done(await Store.DeleteAsync([], Token));

        Assert.Equal(["a/2"], await NamesAsync(""));
        Done(await Store.PutAsync("a/1", new byte[1], Flushing.Now, Token));
        Assert.Equal(["a/1", "a/2"], await NamesAsync(""));
    }

    [Fact]
    public async Task Objects_are_put_and_deleted_beside_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async lane =>
        {
            for (var i = 0; i < 50; i++)
            {
                Done(await Store.PutAsync($"busy/{i % 3}/{lane}", new byte[10], Flushing.Now, Token));
                Done(await Store.DeleteAsync([$"busy/{i % 3}/{lane}"], Token));
            }
        }));

        Assert.Empty(await NamesAsync(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/x")]
    [InlineData("x/")]
    [InlineData("a//b")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData(".hidden")]
    [InlineData("a b")]
    [InlineData("ä")]
    public async Task A_name_that_is_none_is_a_mistake_of_the_program(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(name, new byte[1], Flushing.Now, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateAsync(name, new byte[1], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync([name], Token));
    }

    [Fact]
    public async Task A_cancelled_call_says_so()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.PutAsync("x", new byte[1], Flushing.Now, cancelled));
        Assert.Null(Value(await Store.LengthAsync("x", Token)));
    }

    protected static void Done(Outcome outcome) => Assert.True(outcome is Outcome.Done, outcome.Failure?.ToString());

    protected static T Value<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.TryGet(out var value), outcome.Failure?.ToString());
        return value;
    }

    protected async Task<string[]> NamesAsync(string prefix) =>
        [.. Value(await Store.ListAsync(prefix, Token)).Select(entry => entry.Name)];

    private async Task<byte[]> ReadAllAsync(string name)
    {
        var length = Value(await Store.LengthAsync(name, Token))!.Value;
        var into = new byte[length + 10];
        return into[..Value(await Store.ReadAsync(name, 0, into, Token))];
    }
}

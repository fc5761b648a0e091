using System.Text;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Postgres;
using PgMahout.Tests.Archiving;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class RepositoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-repo-").FullName;
    private readonly DirectoryStore _store;

    public RepositoryTests() =>
        Assert.True(DirectoryStore.Open(_directory, TimeSpan.FromSeconds(20), TimeProvider.System).TryGet(out _store));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_empty_store_becomes_the_repository_of_the_cluster_that_opens_it()
    {
        Assert.Null((await OpenAsync("demo", 1)).Failure);
        Assert.Null((await OpenAsync("demo", 1)).Failure);

        Assert.True((await Repository.SystemsAsync(_store, Token)).TryGet(out var systems));
        Assert.Equal([1UL], systems);
    }

    [Fact]
    public async Task Another_cluster_is_refused()
    {
        await OpenAsync("demo", 1);

        Assert.Equal("repository-of-another", (await OpenAsync("other", 1)).Failure?.Code);
    }

    [Fact]
    public async Task A_new_system_of_the_same_cluster_must_be_taken_in()
    {
        await OpenAsync("demo", 1);

        Assert.Equal("repository-other-system", (await OpenAsync("demo", 2)).Failure?.Code);
        Assert.Null((await OpenAsync("demo", 2, admit: true)).Failure);
        Assert.Null((await OpenAsync("demo", 2)).Failure);
        Assert.Null((await OpenAsync("demo", 1)).Failure);
        Assert.Equal("repository-other-system", (await OpenAsync("demo", 3)).Failure?.Code);
    }

    [Fact]
    public async Task Two_hosts_that_are_the_first_at_once_are_both_let_in()
    {
        var store = new UnreliableStore();
        var late = new MovingStore(store);
        late.WhileListing(_ => false, async () => Assert.Null((await OpenAsync("demo", 1, store)).Failure));

        Assert.Null((await OpenAsync("demo", 1, late)).Failure);
        Assert.Equal("repository-other-system", (await OpenAsync("demo", 2, late)).Failure?.Code);
    }

    [Fact]
    public async Task Only_the_key_that_it_was_made_with_opens_it()
    {
        var key = new EncryptionKey(FrameCodecTests.Noise(32, 1));
        var other = new EncryptionKey(FrameCodecTests.Noise(32, 2));
        await OpenAsync("demo", 1, key);

        Assert.Null((await OpenAsync("demo", 1, key)).Failure);
        Assert.Equal("repository-key", (await OpenAsync("demo", 1, other)).Failure?.Code);
        Assert.Equal("repository-key", (await OpenAsync("demo", 1)).Failure?.Code);
        Assert.Equal(
            "repository-key", (await Repository.OpenForReadingAsync(_store, other, Token)).Failure?.Code);
        Assert.Null((await Repository.OpenForReadingAsync(_store, key, Token)).Failure);
    }

    [Fact]
    public async Task A_key_for_a_repository_without_encryption_is_refused()
    {
        await OpenAsync("demo", 1);

        var outcome = await OpenAsync("demo", 1, new EncryptionKey(FrameCodecTests.Noise(32, 1)));

        Assert.Equal("repository-key", outcome.Failure?.Code);
    }

    [Theory]
    [InlineData("", "repository-unreadable")]
    [InlineData("[]", "repository-unreadable")]
    [InlineData("{\"format\": \"x\", \"cluster\": \"demo\"}", "repository-unreadable")]
    [InlineData("{\"format\": 2, \"cluster\": \"demo\"}", "repository-newer")]
    public async Task A_mark_that_is_not_ours_is_refused(string text, string code)
    {
        await _store.PutAsync("repository.json", Encoding.UTF8.GetBytes(text), Flushing.Now, Token);

        Assert.Equal(code, (await OpenAsync("demo", 1)).Failure?.Code);
    }

    [Fact]
    public async Task What_is_no_repository_is_not_made_one_by_looking()
    {
        var outcome = await Repository.OpenForReadingAsync(_store, null, Token);

        Assert.Equal("repository-missing", outcome.Failure?.Code);
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public async Task Objects_of_an_earlier_compression_are_still_read()
    {
        Assert.True((await OpenAsync("demo", 1)).TryGet(out var repository));
        using var zstd = new FrameCodec(Compression.Of(CompressionKind.Zstd, null), null);
        var stored = FrameCodecTests.Encode(zstd, FrameCodecTests.Text(50), []);
        using var codec = repository.CodecFor("x.zst");

        Assert.Equal(".lz4", repository.Ending);
        Assert.True(codec.Decode(stored, new byte[50], []).TryGet(out var length));
        Assert.Equal(50, length);
    }

    private Task<Outcome<Repository>> OpenAsync(
        string cluster, ulong system, EncryptionKey? key = null, bool admit = false) =>
        Repository.OpenAsync(
            _store, new RepositoryOwner(cluster, system, admit), Compression.Of(CompressionKind.Lz4, null), key, Token);

    private static Task<Outcome<Repository>> OpenAsync(string cluster, ulong system, IObjectStore store) =>
        Repository.OpenAsync(
            store, new RepositoryOwner(cluster, system, AdmitNewSystem: false),
            Compression.Of(CompressionKind.Lz4, null), null, Token);
}

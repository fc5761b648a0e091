using PgMahout.Backup.Framing;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class EncryptionKeyTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-key-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(_directory, "key");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_key_that_was_made_is_the_one_that_is_loaded()
    {
        Assert.True(EncryptionKey.LoadOrCreate(KeyFile).TryGet(out var made));
        Assert.True(EncryptionKey.Load(KeyFile).TryGet(out var loaded));
        Assert.True(EncryptionKey.LoadOrCreate(KeyFile).TryGet(out var again));

        Assert.Equal(made.Check, loaded.Check);
        Assert.Equal(made.Check, again.Check);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal([KeyFile], Directory.GetFiles(_directory));
    }

    [Fact]
    public async Task Of_many_that_make_it_at_once_all_get_the_same()
    {
        for (var round = 0; round < 30; round++)
        {
            File.Delete(KeyFile);
            using var all = new Barrier(8);
            var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    all.SignalAndWait(Token);
                    var key = EncryptionKey.LoadOrCreate(KeyFile);
                    return key.TryGet(out var it) ? it.Check : $"{key.Failure}";
                },
                Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

            Assert.Equal(EncryptionKey.Load(KeyFile).TryGet(out var kept) ? kept.Check : "none", made[0]);
            Assert.Single(made.Distinct());
        }
        Assert.Equal([KeyFile], Directory.GetFiles(_directory));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00ff")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    public void A_file_that_holds_no_key_is_refused(string text)
    {
        File.WriteAllText(KeyFile, text);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead);

        Assert.Equal("key-unusable", EncryptionKey.Load(KeyFile).Failure?.Code);
        Assert.Equal("key-unusable", EncryptionKey.LoadOrCreate(KeyFile).Failure?.Code);
        Assert.Equal(text, File.ReadAllText(KeyFile));
    }

    [Fact]
    public void A_key_that_everybody_may_read_is_refused()
    {
        Assert.True(EncryptionKey.LoadOrCreate(KeyFile).TryGet(out _));
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.Contains("chmod", EncryptionKey.Load(KeyFile).Failure?.Next, StringComparison.Ordinal);
    }
}

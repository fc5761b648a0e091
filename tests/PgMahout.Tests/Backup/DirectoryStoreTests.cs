using PgMahout.Backup.Repositories;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class DirectoryStoreTests : ObjectStoreContract, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-store-").FullName;

    public DirectoryStoreTests() => Store = Open();

    protected override IObjectStore Store { get; }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_directory_that_vanished_is_not_made_again()
    {
        Done(await Store.PutAsync("x", new byte[1], Flushing.Now, Token));
        Directory.Delete(_directory, recursive: true);

        Assert.Equal(StoreProblems.VanishedCode, await PutCodeAsync());
        Directory.CreateDirectory(_directory);
        Assert.Equal(StoreProblems.VanishedCode, await PutCodeAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Fact]
    public void A_directory_that_is_missing_is_not_opened()
    {
        var outcome = DirectoryStore.Open(Path.Combine(_directory, "none"), Limit, TimeProvider.System);

        Assert.Equal(StoreProblems.VanishedCode, outcome.Failure?.Code);
    }

    [Fact]
    public async Task What_a_crash_left_is_removed_after_an_hour_and_is_never_an_object()
    {
        Done(await Store.PutAsync("x", new byte[1], Flushing.Now, Token));
        var leftovers = Path.Combine(_directory, ".new");
        await File.WriteAllTextAsync(Path.Combine(leftovers, "old"), "half", Token);
        await File.WriteAllTextAsync(Path.Combine(leftovers, "young"), "half", Token);
        File.SetLastWriteTimeUtc(Path.Combine(leftovers, "old"), DateTime.UnixEpoch);

        Assert.Equal(["x"], await NamesAsync(""));
        await using var opened = Open();

        Assert.Equal(["young"], Directory.GetFiles(leftovers).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_directory_without_permission_is_told_as_such()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root may write everywhere");
        File.SetUnixFileMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(StoreProblems.DeniedCode, await PutCodeAsync());
    }

    [Fact]
    public async Task A_name_that_is_taken_by_a_directory_is_a_failure_and_nothing_is_lost()
    {
        Done(await Store.PutAsync("a/b", new byte[1], Flushing.Now, Token));

        Assert.NotNull((await Store.PutAsync("a", new byte[1], Flushing.Now, Token)).Failure);
        Assert.NotNull((await Store.PutAsync("a/b/c", new byte[1], Flushing.Now, Token)).Failure);
        Assert.Equal(["a/b"], await NamesAsync(""));
        Assert.Empty(Directory.GetFiles(Path.Combine(_directory, ".new")));
    }

    private static TimeSpan Limit => TimeSpan.FromSeconds(20);

    private async Task<string?> PutCodeAsync() =>
        (await Store.PutAsync("y", new byte[1], Flushing.Now, Token)).Failure?.Code;

    private DirectoryStore Open() => Value(DirectoryStore.Open(_directory, Limit, TimeProvider.System));
}

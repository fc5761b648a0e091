using System.Diagnostics;
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

    [Fact]
    public async Task A_flush_after_one_that_hangs_has_as_much_to_do()
    {
        Done(await Store.PutAsync("x", new byte[3], Flushing.Later, Token));
        var (file, kept) = (Path.Combine(_directory, "x"), Path.Combine(_directory, "kept"));
        File.Move(file, kept);
        // Whoever opens it waits for somebody to write to it, as for a server of files that has gone.
        using (var made = Process.Start("mkfifo", [file]))
            await made.WaitForExitAsync(Token);

        Assert.False(await EndsSoonAsync(Store.FlushAsync));
        Assert.False(await EndsSoonAsync(Store.FlushAsync));

        // Lets go who waits.
        using (File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            File.Move(kept, file, overwrite: true);
        Done(await Store.FlushAsync(Token));
        Assert.Equal(3, Value(await Store.LengthAsync("x", Token)));
    }

    [Fact]
    public async Task A_flush_that_failed_is_to_be_done_again()
    {
        Done(await Store.PutAsync("x", new byte[3], Flushing.Later, Token));
        var (file, kept) = (Path.Combine(_directory, "x"), Path.Combine(_directory, "kept"));
        File.Move(file, kept);
        File.CreateSymbolicLink(file, file);

        Assert.NotNull((await Store.FlushAsync(Token)).Failure);
        Assert.NotNull((await Store.FlushAsync(Token)).Failure);

        File.Move(kept, file, overwrite: true);
        Done(await Store.FlushAsync(Token));
    }

    private static async Task<bool> EndsSoonAsync(Func<CancellationToken, Task> work)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(Token);
        moment.CancelAfter(TimeSpan.FromMilliseconds(300));
        try
        {
            await work(moment.Token);
            return true;
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            return false;
        }
    }

    private static TimeSpan Limit => TimeSpan.FromSeconds(20);

    private async Task<string?> PutCodeAsync() =>
        (await Store.PutAsync("y", new byte[1], Flushing.Now, Token)).Failure?.Code;

    private DirectoryStore Open() => Value(DirectoryStore.Open(_directory, Limit, TimeProvider.System));
}

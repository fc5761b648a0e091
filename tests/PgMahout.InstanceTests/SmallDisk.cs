using System.Diagnostics;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>
/// A filesystem of its own in a file, which can fill and freeze. It takes root, and a kernel with loop devices.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _image;
    private bool _frozen;

    private SmallDisk(string path, string image) => (Path, _image) = (path, image);

    /// <summary>Where it is mounted; everybody may write there.</summary>
    public string Path { get; }

    /// <summary>Skips the test where nothing can be mounted.</summary>
    public static async Task<SmallDisk> MountAsync(string directory, string name, int megabytes)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may mount a filesystem");
        var path = Directory.CreateDirectory(System.IO.Path.Combine(directory, name)).FullName;
        var disk = new SmallDisk(path, path + ".img");
        await using (var file = File.Create(disk._image))
            file.SetLength((long)megabytes << 20);
        await RunAsync("mkfs.ext4", "-q", "-m", "0", disk._image);
        var (code, said) = await TryAsync("mount", "-o", "loop", disk._image, path);
        Assert.SkipUnless(code == 0, $"no filesystem can be mounted here: {said}");
        Directory.Delete(System.IO.Path.Combine(path, "lost+found"));
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
        return disk;
    }

    /// <summary>From now on every write waits, in the kernel.</summary>
    public async Task FreezeAsync()
    {
        await RunAsync("fsfreeze", "--freeze", Path);
        _frozen = true;
    }

    public async Task ThawAsync()
    {
        await RunAsync("fsfreeze", "--unfreeze", Path);
        _frozen = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_frozen)
            await ThawAsync();
        await RunAsync("umount", "--lazy", Path);
        File.Delete(_image);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, said) = await TryAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {said}");
    }

    private static async Task<(int Code, string Said)> TryAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said.Trim());
    }
}

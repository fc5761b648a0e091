using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>A real file system of a few megabytes that a test fills, enlarges and makes read-only.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    private SmallFileSystem(string directory) => Directory = directory;

    public string Directory { get; }

    /// <summary>Rounded up.</summary>
    public int UsedMegabytes
    {
        get
        {
            var drive = new DriveInfo(Directory);
            return (int)((drive.TotalSize - drive.TotalFreeSpace) >> 20) + 1;
        }
    }

    /// <summary>Skips the test where nothing may be mounted.</summary>
    public static SmallFileSystem Mount(int megabytes)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("pgm-small-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", $"mode=0755,{Size(megabytes)}", "tmpfs", directory))
            return new SmallFileSystem(directory);
        System.IO.Directory.Delete(directory);
        Assert.Skip("this user may not mount a file system");
        return null!;
    }

    public void Resize(int megabytes) => Remount(Size(megabytes));

    public void Allow(bool writing) => Remount(writing ? "rw" : "ro");

    public void Dispose()
    {
        Assert.True(Run("umount", "--lazy", Directory));
        System.IO.Directory.Delete(Directory);
    }

    private static string Size(int megabytes) => string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m");

    private void Remount(string options) => Assert.True(Run("mount", "-o", $"remount,{options}", Directory));

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

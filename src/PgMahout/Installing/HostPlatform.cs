using System.Collections.Immutable;
using System.Runtime.InteropServices;
using PgMahout.Core.Installation;

namespace PgMahout.Installing;

/// <summary>Looks at this host.</summary>
internal static class HostPlatform
{
    private static readonly string[] Managers = ["apt-get", "dnf", "yum"];

    public static Platform Read() => Platform.Read(
        File.Exists("/etc/os-release") ? File.ReadAllText("/etc/os-release") : "",
        [.. Managers.Where(IsOnPath)],
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64",
        Directory.Exists("/run/systemd/system"));

    /// <summary>
    /// Where this program can be found after the next build too: a build is published to a directory of its own, and a
    /// link points at the present one.
    /// </summary>
    public static string Program()
    {
        var running = Environment.ProcessPath!;
        var builds = Path.GetDirectoryName(Path.GetDirectoryName(running));
        var current = Path.Combine(builds ?? "/", "current", Path.GetFileName(running));
        return File.Exists(current) ? current : running;
    }

    /// <summary>
    /// Clusters that Debian's own tools know, as they list them; empty where those are not installed.
    /// </summary>
    public static ImmutableArray<string> DefaultClusters() =>
        Directory.Exists("/etc/postgresql")
            ?
            [
                .. Directory.EnumerateDirectories("/etc/postgresql")
                    .SelectMany(Directory.EnumerateDirectories)
                    .Select(path => $"{Path.GetFileName(Path.GetDirectoryName(path))} {Path.GetFileName(path)}")
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program)));
}

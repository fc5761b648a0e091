using System.Collections.Immutable;

namespace PgMahout.Core.Installation;

/// <summary>A host on which PostgreSQL is to be installed, as its files describe it.</summary>
/// <param name="Name">For people, such as "Debian GNU/Linux 12 (bookworm)".</param>
/// <param name="Manager">Null when none of those that are known is there.</param>
/// <param name="Release">Major release of the distribution: 9 of Rocky Linux 9.4; 0 when unknown.</param>
/// <param name="HasSystemd">It runs as process 1, so that it can start something at boot.</param>
public sealed record Platform(string Name, PackageTool? Manager, int Release, string Architecture, bool HasSystemd)
{
    /// <summary>Reads /etc/os-release.</summary>
    /// <param name="programs">Names of the package managers that were found.</param>
    public static Platform Read(
        string osRelease, ImmutableArray<string> programs, string architecture, bool hasSystemd)
    {
        var fields = osRelease.Split('\n')
            .Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0].Trim(), parts => parts[1].Trim().Trim('"'));
        var version = fields["VERSION_ID"].FirstOrDefault() ?? "";
        var digits = new string([.. version.TakeWhile(char.IsAsciiDigit)]);
        return new Platform(
            fields["PRETTY_NAME"].FirstOrDefault() ?? fields["ID"].FirstOrDefault() ?? "an unknown system",
            ManagerOf(programs),
            int.TryParse(digits, out var release) ? release : 0,
            architecture,
            hasSystemd);
    }

    private static PackageTool? ManagerOf(ImmutableArray<string> programs)
    {
        // Where dnf is, yum is another name of it.
        if (programs.Contains("apt-get"))
            return PackageTool.Apt;
        if (programs.Contains("dnf"))
            return PackageTool.Dnf;
        return programs.Contains("yum") ? PackageTool.Yum : null;
    }
}

public enum PackageTool
{
    Apt,
    Dnf,
    Yum,
}

/// <summary>A server that is installed already.</summary>
/// <param name="Version">As it prints it, such as "15.18".</param>
public sealed record InstalledServer(int Major, string Version, string Directory);

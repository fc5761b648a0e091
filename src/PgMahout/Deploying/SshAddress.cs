using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Deployment;

namespace PgMahout.Deploying;

/// <summary>
/// How the ssh program is called for one host. One connection serves all calls: the first makes it, and it stays for a
/// while. Nobody is ever asked for a password.
/// </summary>
/// <param name="KnownHosts">Only hosts whose keys are in this file; null: new ones are believed and remembered.</param>
/// <param name="Sockets">A directory for the sockets of the connections.</param>
internal sealed record SshAddress(HostBlueprint Host, SshAccess Access, string? KnownHosts, string Sockets)
{
    private static readonly string[] Always =
    [
        "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=6", "LogLevel=ERROR",
        "ControlMaster=auto", "ControlPersist=60",
    ];

    public ImmutableArray<string> Arguments(string command) =>
        ["-T", .. Options(), "--", Host.Address, command];

    /// <summary>Ends the connection.</summary>
    public ImmutableArray<string> Closing() => [.. Options(), "-O", "exit", "--", Host.Address];

    private IEnumerable<string> Options()
    {
        string[] own =
        [
            .. Always,
            $"ControlPath={Sockets}/%C",
            $"StrictHostKeyChecking={(KnownHosts is null ? "accept-new" : "yes")}",
            .. KnownHosts is null ? Array.Empty<string>() : [$"UserKnownHostsFile={KnownHosts}"],
        ];
        foreach (var option in own)
            foreach (var word in new[] { "-o", option })
                yield return word;
        if (Access.Port is { } port)
            foreach (var word in new[] { "-p", port.ToString(CultureInfo.InvariantCulture) })
                yield return word;
        if (Access.User is { } user)
            foreach (var word in new[] { "-l", user })
                yield return word;
        if (Access.Identity is { } identity)
            foreach (var word in new[] { "-i", Expanded(identity) })
                yield return word;
    }

    private static string Expanded(string path) => path.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..])
        : path;
}

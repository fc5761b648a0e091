using System.Collections.Immutable;
using PgMahout.Core.Deployment;

namespace PgMahout.Deploying;

/// <summary>The hosts of a blueprint, each behind one connection of ssh.</summary>
internal sealed class DeployHosts : IAsyncDisposable
{
    private readonly string _sockets;

    /// <param name="knownHosts">A file of ssh's; null: new hosts are believed.</param>
    public DeployHosts(Blueprint blueprint, string? knownHosts)
    {
        // Private to this user by its creation; short, because a socket's path may not be long.
        _sockets = Directory.CreateTempSubdirectory("pgm-").FullName;
        Calls = blueprint.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => new SshCall(new SshAddress(host, blueprint.Ssh, knownHosts, _sockets)),
            StringComparer.Ordinal);
    }

    /// <summary>By the host's name.</summary>
    public ImmutableSortedDictionary<string, SshCall> Calls { get; }

    public SshCall this[HostBlueprint host] => Calls[host.Name];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Calls.Values.Select(call => call.CloseAsync()));
        Directory.Delete(_sockets, recursive: true);
    }
}

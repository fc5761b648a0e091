using System.Net;
using PgMahout.Core.Cluster;

namespace PgMahout.Agent.Api;

/// <summary>Where an agent answers other hosts: <c>https://HOST:PORT</c>.</summary>
internal static class AgentAddress
{
    /// <exception cref="NotSupportedException">It is none that this version can reach.</exception>
    public static Uri Of(MemberSpec member) =>
        Uri.TryCreate(member.Api, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
            ? address
            : throw new NotSupportedException($"{member.Api} is not an agent address this version can reach");

    /// <summary>What the agent of that member listens on; null when it answers on its unix socket alone.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name of its host cannot be resolved.</exception>
    public static async Task<IPEndPoint?> ToListenAsync(MemberSpec member, CancellationToken cancellation)
    {
        if (member.Api.StartsWith("unix:", StringComparison.Ordinal))
            return null;
        var address = Of(member);
        var found = await Dns.GetHostAddressesAsync(address.IdnHost, cancellation);
        return new IPEndPoint(found[0], address.Port);
    }
}

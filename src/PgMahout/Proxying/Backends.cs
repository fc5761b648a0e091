using System.Globalization;
using System.Net;
using System.Net.Sockets;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Proxying;

/// <summary>Where a member's server is reached from here.</summary>
internal static class Backends
{
    /// <summary>
    /// By its unix socket when it is of this home, which is the shorter way; else by its address, in numbers. Null when
    /// the name of its host cannot be resolved.
    /// </summary>
    public static async Task<Backend?> OfAsync(
        HomeLayout home, MemberSpec member, CancellationToken cancellation)
    {
        if (member.Api == home.ApiAddress(member.Name))
            return new Backend(member.Name, new ServerAddress.UnixSocket(SocketOf(home.RunDirectory, member.Port)));
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(member.Host, cancellation);
            return new Backend(member.Name, new ServerAddress.Tcp(addresses[0].ToString(), member.Port), member.Host);
        }
        catch (SocketException unknown)
        {
            ProxyProcess.Say($"{member.Name} cannot be reached: {member.Host}: {unknown.Message}");
            return null;
        }
    }

    /// <summary>As PostgreSQL names its sockets.</summary>
    public static string SocketOf(string directory, int port) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{port}"));
}

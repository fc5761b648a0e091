using System.Globalization;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Core.Proxy;
using PgMahout.Postgres.Instance;

namespace PgMahout.Status;

/// <summary>The address of a cluster as libpq and most drivers understand it.</summary>
public static class ClientUri
{
    /// <summary>Beyond the time for which a proxy lets clients wait for a primary.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What a host of a cluster on several knows of all of them, so that the address holds where this host is lost.
    /// </summary>
    /// <param name="entrance">Null: it knows of itself only, as on one machine.</param>
    public static string For(
        ClientEntrance? entrance, ClusterSpec spec, ProxySettings? proxy, HomeLayout home, bool read)
    {
        // Those that listen on one address, which is in the settings of all of them, are not reached on the others.
        var port = proxy is { ListensEverywhere: true } ? (read ? proxy.ReadPort : proxy.WritePort) : 0;
        var place = read ? entrance?.ForReads(port) : entrance?.ForWrites(spec.Members[0].Port, port);
        return place is null ? For(spec, proxy, home, read) : For(place, home.PassFile);
    }

    /// <param name="target">Whom of them to take, where it is not all the same.</param>
    public static string For(ClientPlace place, string passFile, string target = "")
    {
        var hosts = string.Join(
            ',',
            place.Hosts.Select(host => string.Create(
                CultureInfo.InvariantCulture, $"{Blueprint.Bracketed(host)}:{place.Port}")));
        return $"postgresql://{InstanceSettings.Superuser}@{hosts}/postgres"
            + $"?{target}connect_timeout=5&passfile={Escaped(passFile)}";
    }

    /// <summary>The proxy's, where there is one that serves what is asked for; else all members'.</summary>
    public static string For(ClusterSpec spec, ProxySettings? proxy, HomeLayout home, bool read) =>
        proxy is null || (read && proxy.ReadPort == 0) ? For(spec, home, read) : For(proxy, home, read);

    /// <summary>
    /// All members, and whom of them to take. Names the password file, so that it works without further set-up and
    /// holds no secret itself.
    /// </summary>
    /// <param name="read">A standby where there is one; otherwise the primary.</param>
    public static string For(ClusterSpec spec, HomeLayout home, bool read)
    {
        var hosts = string.Join(
            ',', spec.Members.Select(member => $"{Blueprint.Bracketed(member.Host)}:{member.Port}"));
        var target = read ? "prefer-standby" : "read-write";
        return $"postgresql://{InstanceSettings.Superuser}@{hosts}/postgres"
            + $"?target_session_attrs={target}&connect_timeout=2&passfile={Escaped(home.PassFile)}";
    }

    private static string For(ProxySettings proxy, HomeLayout home, bool read)
    {
        var limit = (int)Math.Ceiling((proxy.Hold + Patience).TotalSeconds);
        return $"postgresql://{InstanceSettings.Superuser}@{Blueprint.Bracketed(proxy.LocalHost)}:"
            + $"{(read ? proxy.ReadPort : proxy.WritePort)}/postgres"
            + $"?connect_timeout={limit}&passfile={Escaped(home.PassFile)}";
    }

    private static string Escaped(string path) =>
        Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal);
}

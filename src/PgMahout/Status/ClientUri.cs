using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Postgres.Instance;

namespace PgMahout.Status;

/// <summary>The address of a cluster as libpq and most drivers understand it.</summary>
public static class ClientUri
{
    /// <summary>Beyond the time for which a proxy lets clients wait for a primary.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

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
        var hosts = string.Join(',', spec.Members.Select(member => $"{Bracketed(member.Host)}:{member.Port}"));
        var target = read ? "prefer-standby" : "read-write";
        return $"postgresql://{InstanceSettings.Superuser}@{hosts}/postgres"
            + $"?target_session_attrs={target}&connect_timeout=2&passfile={PassFile(home)}";
    }

    private static string For(ProxySettings proxy, HomeLayout home, bool read)
    {
        var limit = (int)Math.Ceiling((proxy.Hold + Patience).TotalSeconds);
        return $"postgresql://{InstanceSettings.Superuser}@{Bracketed(proxy.LocalHost)}:"
            + $"{(read ? proxy.ReadPort : proxy.WritePort)}/postgres"
            + $"?connect_timeout={limit}&passfile={PassFile(home)}";
    }

    private static string PassFile(HomeLayout home) =>
        Uri.EscapeDataString(home.PassFile).Replace("%2F", "/", StringComparison.Ordinal);

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}

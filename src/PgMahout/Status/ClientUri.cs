using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Instance;

namespace PgMahout.Status;

/// <summary>
/// The address of a cluster as libpq and most drivers understand it: all members, and whom of them to take.
/// </summary>
public static class ClientUri
{
    /// <summary>Names the password file, so that it works without further set-up and holds no secret itself.</summary>
    /// <param name="read">A standby where there is one; otherwise the primary.</param>
    public static string For(ClusterSpec spec, HomeLayout home, bool read)
    {
        var hosts = string.Join(',', spec.Members.Select(member => $"{Bracketed(member.Host)}:{member.Port}"));
        var target = read ? "prefer-standby" : "read-write";
        var passFile = Uri.EscapeDataString(home.PassFile).Replace("%2F", "/", StringComparison.Ordinal);
        return $"postgresql://{InstanceSettings.Superuser}@{hosts}/postgres"
            + $"?target_session_attrs={target}&connect_timeout=2&passfile={passFile}";
    }

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}

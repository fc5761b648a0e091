namespace PgMahout.Core.Access;

/// <summary>Which methods a type of connection can have.</summary>
internal static class HbaChecks
{
    public static void Fits(HbaType type, HbaMethod method, HbaToken at)
    {
        if (method == HbaMethod.Gss && type == HbaType.Local)
            throw new HbaRefusal(
                at, "gssapi authentication is not supported on local sockets", "use peer on a local line");
        if (method == HbaMethod.Peer && type != HbaType.Local)
            throw new HbaRefusal(
                at, "peer authentication is only supported on local sockets",
                "over TCP use scram-sha-256, or make it a local line without an address");
        if (method == HbaMethod.Cert && type != HbaType.HostSsl)
            throw new HbaRefusal(
                at, "cert authentication is only supported on hostssl connections", "write hostssl first");
    }
}

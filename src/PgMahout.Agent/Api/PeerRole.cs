using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Agent.Api;

/// <summary>What somebody from another host may ask of an agent.</summary>
internal enum PeerRole
{
    /// <summary>How things are.</summary>
    Read,

    /// <summary>Everything.</summary>
    Operate,
}

/// <summary>A certificate says in its organizational unit what its owner is for.</summary>
internal static class PeerRoles
{
    private const string OrganizationalUnit = "2.5.4.11";

    /// <summary>
    /// <c>host</c> and <c>operator</c> may operate; whoever else the authority has signed for may only read.
    /// </summary>
    public static PeerRole Of(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Any(name => !name.HasMultipleElements
                && name.GetSingleElementType().Value == OrganizationalUnit
                && name.GetSingleElementValue() is "host" or "operator")
            ? PeerRole.Operate
            : PeerRole.Read;
}

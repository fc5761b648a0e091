using System.Net;
using System.Net.Sockets;
using System.Text;
using PgMahout.Core.Access;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>The text of <c>pg_hba.conf</c>: what the cluster needs first, then the operator's lines.</summary>
internal static class AuthenticationRules
{
    private const string Method = "scram-sha-256";

    /// <param name="operatorLines">
    /// The content of pg_hba.local.conf, taken over as it is but for lines that PostgreSQL would refuse, because of
    /// which no server would start; null when there is none.
    /// </param>
    public static string Render(InstanceSettings settings, string? operatorLines)
    {
        var text = new StringBuilder();
        text.Append("# Written by pgmahout, and written again at any time: put your own lines into ")
            .Append(MemberPaths.OperatorAuthentication).Append(" beside this file.\n");
        Append(text, "local", "all", "all", "");
        Append(text, "local", "replication", InstanceSettings.Superuser, "");
        Append(text, "host", "all", "all", "samehost");
        Append(text, "host", "replication", InstanceSettings.ReplicationRole, "samehost");
        foreach (var address in settings.Others.Select(member => Address(member.Host)).Distinct())
        {
            var (type, users) = settings.CertificateDirectory is null
                ? ("host", InstanceSettings.Superuser)
                : ("hostssl", "all");
            Append(text, type, "replication", InstanceSettings.ReplicationRole, address);
            // pg_rewind reads files of the source as superuser; a proxy on another host comes as any user.
            Append(text, "host", "all", users, address);
        }
        if (!settings.AccessRules.IsEmpty)
            text.Append("# From the cluster's configuration:\n");
        foreach (var rule in settings.AccessRules)
            text.Append(rule).Append('\n');
        if (operatorLines is not null)
            text.Append("# From ").Append(MemberPaths.OperatorAuthentication).Append(":\n")
                .Append(Usable(settings, operatorLines).Text);
        return text.ToString();
    }

    /// <summary>What of the operator's lines a server of this version takes, and what not.</summary>
    public static HbaFilter Usable(InstanceSettings settings, string operatorLines) => HbaFilter.Apply(
        operatorLines,
        new HbaDialect(settings.Binaries.Major),
        path => Path.Exists(Path.Combine(settings.DataDirectory, path)));

    private static void Append(StringBuilder text, string type, string database, string user, string address) =>
        text.Append(type.PadRight(8)).Append(database.PadRight(12))
            .Append(user.PadRight(24)).Append(address.PadRight(24)).Append(Method).Append('\n');

    private static string Address(string host) =>
        IPAddress.TryParse(host, out var address)
            ? $"{address}/{(address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32)}"
            : host;
}

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
    private const string Maintenance = "postgres";

    /// <param name="operatorLines">
    /// The content of pg_hba.local.conf, taken over as it is but for lines that PostgreSQL would refuse, because of
    /// which no server would start; null when there is none.
    /// </param>
    /// <param name="formerLines">Of the server before it was adopted; null: it is of our own making.</param>
    public static string Render(InstanceSettings settings, string? operatorLines, string? formerLines = null)
    {
        var text = new StringBuilder(RenderOwn(settings, formerLines));
        Append(text, settings, MemberPaths.OperatorAuthentication, operatorLines);
        Append(text, settings, MemberPaths.FormerAuthentication, formerLines);
        if (formerLines is not null)
            General(text.Append("# For whom none of these lines is:\n"), settings);
        return text.ToString();
    }

    /// <summary>The lines before those of the files beside it.</summary>
    public static string RenderOwn(InstanceSettings settings, string? formerLines)
    {
        var text = new StringBuilder();
        text.Append("# Written by pgmahout, and written again at any time: put your own lines into ")
            .Append(MemberPaths.OperatorAuthentication).Append(" beside this file.\n");
        if (formerLines is null)
            General(text, settings);
        else
            Needed(text, settings, formerLines);
        if (!settings.AccessRules.IsEmpty)
            text.Append("# From the cluster's configuration:\n");
        foreach (var rule in settings.AccessRules)
            text.Append(rule).Append('\n');
        return text.ToString();
    }

    /// <summary>For a server of our own making: its clients prove who they are by a password.</summary>
    private static void General(StringBuilder text, InstanceSettings settings)
    {
        Append(text, "local", "all", "all", "");
        Append(text, "local", "replication", InstanceSettings.Superuser, "");
        Append(text, "host", "all", "all", "samehost");
        Append(text, "host", "replication", InstanceSettings.ReplicationRole, "samehost");
        foreach (var address in Peers(settings))
        {
            var (type, users) = settings.CertificateDirectory is null
                ? ("host", InstanceSettings.Superuser)
                : ("hostssl", "all");
            Append(text, type, "replication", InstanceSettings.ReplicationRole, address);
            // pg_rewind reads files of the source as superuser; a proxy on another host comes as any user.
            Append(text, "host", "all", users, address);
        }
        foreach (var address in settings.Proxies.Select(Address))
            Append(text, settings.CertificateDirectory is null ? "host" : "hostssl", "all", "all", address);
        foreach (var address in Abroad(settings))
        {
            // Nobody but the agents comes from there, and the line is somebody else's.
            var type = settings.CertificateDirectory is null ? "host" : "hostssl";
            Append(text, type, "replication", InstanceSettings.ReplicationRole, address);
            Append(text, type, "all", InstanceSettings.Superuser, address);
        }
    }

    /// <summary>
    /// For a server that had clients before: what the cluster cannot do without, and nothing that could be for one of
    /// them, unless the former lines shut the cluster's own superuser out.
    /// </summary>
    private static void Needed(StringBuilder text, InstanceSettings settings, string former)
    {
        var type = settings.CertificateDirectory is null ? "host" : "hostssl";
        foreach (var address in Peers(settings).Concat(Abroad(settings)))
        {
            Append(text, type, "replication", InstanceSettings.ReplicationRole, address);
            Append(text, type, "all", InstanceSettings.Superuser, address);
        }
        // With this role it asks for secrets; whether it may come as a client, that client's own line says.
        foreach (var address in settings.Proxies.Select(Address))
            Append(text, type, "all", InstanceSettings.Superuser, address);
        Append(text, "host", "replication", InstanceSettings.ReplicationRole, "samehost");
        var file = HbaFile.Parse(Usable(settings, former).Text, new HbaDialect(settings.Binaries.Major));
        if (!Admits(LoginAttempt.Local(Maintenance, InstanceSettings.Superuser)))
            Append(text, "local", "all", InstanceSettings.Superuser, "");
        if (!Admits(LoginAttempt.Local(null, InstanceSettings.Superuser)))
            Append(text, "local", "replication", InstanceSettings.Superuser, "");
        if (!Admits(LoginAttempt.Tcp(Maintenance, InstanceSettings.Superuser, IpRange.Parse("127.0.0.1/32")!.Value)))
            Append(text, "host", "all", InstanceSettings.Superuser, "samehost");

        bool Admits(LoginAttempt attempt) => HbaSimulation.Ask(file, attempt, Surroundings.Unknown)
            is { IsCertain: true, Need: ClientNeed.Nothing or ClientNeed.Password or ClientNeed.SameOsUser };
    }

    private static IEnumerable<string> Peers(InstanceSettings settings) =>
        settings.Others.Select(member => member.Host).Select(Address).Distinct();

    /// <summary>Servers of the other region; on one machine they may have the addresses of members.</summary>
    private static IEnumerable<string> Abroad(InstanceSettings settings) =>
        (settings.Region?.Twin.Servers.Select(server => Address(server.Host)) ?? []).Except(Peers(settings));

    private static void Append(StringBuilder text, InstanceSettings settings, string file, string? lines)
    {
        if (lines is not null)
            text.Append("# From ").Append(file).Append(":\n").Append(Usable(settings, lines).Text);
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

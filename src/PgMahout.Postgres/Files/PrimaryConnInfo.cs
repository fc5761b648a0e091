using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>The value of <c>primary_conninfo</c>.</summary>
internal static class PrimaryConnInfo
{
    /// <summary>
    /// How this member's WAL receiver reaches <paramref name="upstream"/>. The password is in a file.
    /// </summary>
    public static string Render(InstanceSettings settings, MemberSpec upstream) =>
        Render(settings, (upstream.Host, Number(upstream.Port)),
            [("application_name", settings.Name.Text)], settings.CertificateDirectory);

    /// <summary>
    /// How it reaches the primary of the other region: libpq goes through all servers there until one takes writes, at
    /// every attempt, so that a failover there is followed without anybody's help.
    /// </summary>
    public static string Render(InstanceSettings settings, RegionTwin twin) =>
        Render(settings, Addresses(twin),
            [("application_name", Region.ReceiverName(settings.Name)), ("target_session_attrs", "read-write")],
            settings.TwinCertificateDirectory);

    private static string Render(
        InstanceSettings settings, (string Host, string Port) at, (string Key, string Value)[] more,
        string? certificates)
    {
        var limit = settings.Timing.Ttl;
        var seconds = (int)Math.Ceiling(limit.TotalSeconds / 3);
        (string Key, string Value)[] pairs =
        [
            ("host", at.Host),
            ("port", at.Port),
            ("user", InstanceSettings.ReplicationRole),
            ("passfile", MemberPaths.ReplicationPassFile(settings)),
            // libpq raises anything shorter to two seconds.
            ("connect_timeout", Number((int)Math.Max(2, limit.TotalSeconds))),
            ("keepalives_idle", Number(seconds)),
            ("keepalives_interval", Number(seconds)),
            ("keepalives_count", "2"),
            ("tcp_user_timeout", Number((int)limit.TotalMilliseconds)),
            // Spares the search for Kerberos credentials at every attempt.
            ("gssencmode", "disable"),
        ];
        var all = pairs.Concat(more).Concat(Encryption(certificates));
        return string.Join(' ', all.Select(pair => $"{pair.Key}={Quote(pair.Value)}"));
    }

    /// <summary>To put behind a connection string of a program: how it is encrypted; empty on one machine.</summary>
    public static string EncryptionText(InstanceSettings settings, MemberName server) =>
        string.Concat(
            Encryption(settings.CertificatesTowards(server)).Select(pair => $" {pair.Key}={Quote(pair.Value)}"));

    // The authority is the cluster's own, and the libpq of 14 finds no address in a certificate. All files are named:
    // libpq looks for those that are not in a home directory, and fails where it may not look.
    private static (string Key, string Value)[] Encryption(string? certificates) =>
        certificates is not { } own
            ? []
            :
            [
                ("sslmode", "verify-ca"),
                ("sslrootcert", Path.Combine(own, "ca.crt")),
                ("sslcert", Path.Combine(own, "host.crt")),
                ("sslkey", Path.Combine(own, "host.key")),
            ];

    /// <summary>Which member such a value points at; null for none of them, or for nobody.</summary>
    public static MemberName? Target(string value, IEnumerable<MemberSpec> members)
    {
        foreach (var member in members)
            if (value.StartsWith($"host={Quote(member.Host)} port={Number(member.Port)} ", StringComparison.Ordinal))
                return member.Name;
        return null;
    }

    /// <summary>As the other one does, the other region included.</summary>
    public static MemberName? Target(string value, InstanceSettings settings) =>
        settings.Region is { Twin: var twin } && Addresses(twin) is var at
        && value.StartsWith($"host={Quote(at.Host)} port={Quote(at.Port)} ", StringComparison.Ordinal)
        && value.Contains(" target_session_attrs=", StringComparison.Ordinal)
            ? Region.Upstream
            : Target(value, settings.Others);

    private static (string Host, string Port) Addresses(RegionTwin twin) => (
        string.Join(',', twin.Servers.Select(server => server.Host)),
        string.Join(',', twin.Servers.Select(server => Number(server.Port))));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string value) =>
        value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':')
            ? value
            : "'" + Escape(Escape(value, "\\"), "'") + "'";

    private static string Escape(string value, string special) =>
        value.Replace(special, "\\" + special, StringComparison.Ordinal);
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;

namespace PgMahout.Postgres.Files;

/// <summary>
/// The text of <c>pgmahout.conf</c>: all that this program rules. It is included by the last line of postgresql.conf,
/// so it wins over the operator's lines there, which stay as they are.
/// </summary>
internal static class ServerConfiguration
{
    public const string IncludeLine = "include '" + MemberPaths.Configuration + "'";

    private const string UpstreamMark = "# upstream: ";
    private const string SynchronousKey = "synchronous_standby_names";

    /// <summary>
    /// Settings that ALTER SYSTEM must not hold, because postgresql.auto.conf would win over ours: each of them
    /// decides who follows whom, who waits for whom, or how the server is reached.
    /// </summary>
    public static readonly ImmutableArray<string> Reserved =
        [.. RuledSettings.Names, "wal_level", "synchronous_commit"];

    /// <param name="disk">Size of the file system of the data directory; it bounds what slots may keep.</param>
    /// <param name="apart">What may be left to the operator's own lines is in <see cref="RenderDefaults"/>.</param>
    public static string Render(InstanceSettings settings, AssignedRole standing, ByteSize disk, bool apart = false)
    {
        var text = new StringBuilder()
            .AppendLine("# Written by pgmahout again and again: put your own settings into postgresql.conf.")
            .Append(UpstreamMark).AppendLine(standing.Upstream?.Text ?? "-");
        foreach (var (name, value) in apart ? Asked(settings, disk) : Chosen(settings, disk))
            Append(text, name, value);
        foreach (var (name, value) in Ruled(settings).Concat(Roles(settings, standing)))
            Append(text, name, value);
        return text.ToString();
    }

    /// <summary>
    /// The text of <c>pgmahout.defaults.conf</c>: what the lines of an adopted server's own file win over.
    /// </summary>
    public static string RenderDefaults(InstanceSettings settings, ByteSize disk)
    {
        var text = new StringBuilder()
            .AppendLine("# Written by pgmahout again and again; every line of postgresql.conf below wins over this.");
        foreach (var (name, value) in Suggested(settings, disk))
            Append(text, name, value);
        return text.ToString();
    }

    /// <summary>
    /// What may be chosen, each name once: ours, unless the machine's tuning or the operator says otherwise.
    /// </summary>
    internal static IEnumerable<KeyValuePair<string, string>> Chosen(InstanceSettings settings, ByteSize disk)
    {
        var chosen = Suggested(settings, disk);
        foreach (var (name, value) in Asked(settings, disk))
            chosen[name] = value;
        return chosen;
    }

    private static SortedDictionary<string, string> Suggested(InstanceSettings settings, ByteSize disk)
    {
        var suggested = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in (IEnumerable<(string, string)>)[.. Limits(settings, disk), .. Usual(settings)])
            suggested[name] = value;
        foreach (var (name, value) in settings.Tuning)
            suggested[name] = value;
        return suggested;
    }

    /// <summary>What the operator asked for, and what a standby would not run without.</summary>
    private static SortedDictionary<string, string> Asked(InstanceSettings settings, ByteSize disk)
    {
        var asked = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in settings.Desired)
            asked[name] = value;
        var suggested = Suggested(settings, disk);
        foreach (var (name, least) in settings.StandbyMinimums)
            if (Has(asked.GetValueOrDefault(name) ?? suggested.GetValueOrDefault(name), name) < least)
                asked[name] = Number(least);
        return asked;
    }

    /// <summary>What an earlier <see cref="Render"/> was told; alone when the text is none of ours.</summary>
    public static AssignedRole ReadAssignedRole(string? text)
    {
        var lines = (text ?? "").Split('\n');
        var upstream = After(lines, UpstreamMark);
        var synchronous = After(lines, SynchronousKey + " = ")?.Trim('\'');
        return new AssignedRole(
            MemberName.IsValid(upstream) ? new MemberName(upstream!) : null,
            SynchronousNames.Parse(synchronous ?? "") ?? Core.Cluster.SynchronousSet.Nobody);
    }

    private static IEnumerable<(string, string)> Roles(InstanceSettings settings, AssignedRole standing)
    {
        var abroad = settings.Region is not null && standing.Upstream == Region.Upstream;
        var upstream = settings.Others.FirstOrDefault(member => member.Name == standing.Upstream);
        yield return ("primary_conninfo", abroad ? PrimaryConnInfo.Render(settings, settings.Region!.Twin)
            : upstream is null ? ""
            : PrimaryConnInfo.Render(settings, upstream));
        yield return ("primary_slot_name", abroad ? Region.SlotName : settings.Name.SlotName);
        // The other region asks for it: who leads in a later term is right.
        if (settings.Region is { } region)
            yield return (RegionQuery.TermSetting, Number(region.Term));
        yield return (SynchronousKey, SynchronousNames.Render(standing.Synchronous));
    }

    /// <summary>The number chosen, else the one that PostgreSQL is compiled with.</summary>
    private static int Has(string? chosen, string name) =>
        int.TryParse(chosen, CultureInfo.InvariantCulture, out var number)
            ? number
            : RuledSettings.StandbyMinimums[name];

    private static IEnumerable<(string, string)> Ruled(InstanceSettings settings) =>
        [.. Reachability(settings), .. Replication(settings)];

    private static (string, string)[] Usual(InstanceSettings settings) =>
    [
        ("password_encryption", "scram-sha-256"),
        ("hot_standby_feedback", "off"),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "30s"),
        .. Logging(settings),
    ];

    private static (string, string)[] Reachability(InstanceSettings settings) =>
    [
        (
            "listen_addresses",
            settings.IsReachedOtherwise
                ? "*"
                : settings.FormerReach?.Listening(settings.Host) ?? Addresses(settings.Host)
        ),
        ("port", Number(settings.Port)),
        (
            "unix_socket_directories",
            settings.FormerReach?.Sockets(settings.SocketDirectory) ?? settings.SocketDirectory ?? ""
        ),
        ("cluster_name", settings.ClusterName + "/" + settings.Name),
        .. Encryption(settings.CertificateDirectory),
    ];

    private static (string, string)[] Encryption(string? certificates) => certificates is null
        ? []
        :
        [
            ("ssl", "on"),
            ("ssl_cert_file", Path.Combine(certificates, "host.crt")),
            ("ssl_key_file", Path.Combine(certificates, "host.key")),
        ];

    private static (string, string)[] Replication(InstanceSettings settings) =>
    [
        ("wal_level", settings.Desired.GetValueOrDefault("wal_level") is "logical" ? "logical" : "replica"),
        ("hot_standby", "on"),
        // pg_rewind needs it where checksums are off, and it costs little where they are on.
        ("wal_log_hints", "on"),
        ("full_page_writes", "on"),
        ("fsync", "on"),
        // After a crash, somebody with intact memory should lead; whoever is best placed is decided, not assumed.
        ("restart_after_crash", "off"),
        ("recovery_target_timeline", "latest"),
        ("wal_retrieve_retry_interval", "100ms"),
        ("wal_receiver_status_interval", "1s"),
        ("wal_receiver_timeout", Milliseconds(settings.Timing.Ttl * 2)),
        ("wal_sender_timeout", Milliseconds(settings.Timing.Ttl * 2)),
    ];

    private static (string, string)[] Limits(InstanceSettings settings, ByteSize disk)
    {
        var members = settings.Others.Length + 1;
        var megabytes = disk.Bytes >> 20;
        return
        [
            ("max_wal_senders", Number(Math.Max(16, 2 * members + 8))),
            ("max_replication_slots", Number(Math.Max(16, 2 * members + 8))),
            ("wal_keep_size", Number(Math.Clamp(megabytes / 200, 64, 512)) + "MB"),
            ("max_slot_wal_keep_size", Number(Math.Max(512, megabytes / 10)) + "MB"),
        ];
    }

    private static (string, string)[] Logging(InstanceSettings settings) =>
    [
        ("logging_collector", "on"),
        ("log_destination", "stderr"),
        ("log_directory", MemberPaths.Logs(settings)),
        // One file for each day of the week, begun anew a week later: a week is kept, and no more.
        ("log_filename", "postgresql-%a.log"),
        ("log_truncate_on_rotation", "on"),
        ("log_rotation_age", "1d"),
        ("log_rotation_size", "0"),
        ("log_line_prefix", "%m [%p] %q%u@%d/%a "),
        ("log_checkpoints", "on"),
        ("log_lock_waits", "on"),
    ];

    private static void Append(StringBuilder text, string name, string value) =>
        text.Append(name).Append(" = '")
            .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal))
            .Append("'\n");

    private static string Addresses(string host) =>
        host.StartsWith("127.", StringComparison.Ordinal) || host == "localhost" ? host : host + ",127.0.0.1";

    private static string? After(string[] lines, string start) =>
        lines.FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))?[start.Length..].Trim();

    private static string Milliseconds(TimeSpan span) => Number((long)span.TotalMilliseconds) + "ms";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Text;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Proxying;
using PgMahout.Regions;
using PgMahout.Status;

namespace PgMahout.Output;

/// <summary>
/// A status for people: the verdict first, then the members, then what needs an eye and the command for it.
/// </summary>
public static class StatusText
{
    public static string Human(ClusterStatus status, Paint paint, bool verbose)
    {
        var text = new StringBuilder();
        text.Append(VerdictLine(status, paint)).Append('\n');
        text.Append(paint.Faint($"{status.Answered} of {status.Members.Length} agents answered")).Append('\n');
        if (!status.Members.IsEmpty)
            text.Append('\n').Append(Table(status, paint, verbose)).Append('\n');
        if (status.Address is { } address)
            text.Append('\n').Append(address.Line).Append('\n');
        if (ProxyText.Lines(status.Proxy) is { Length: > 0 } proxy)
            text.Append('\n').Append(proxy).Append('\n');
        if (BackupText.Lines(status.Backups) is { Length: > 0 } backups)
            text.Append('\n').Append(backups).Append('\n');
        if (verbose)
            text.Append('\n').Append(Details(status)).Append('\n');
        if (!status.Notices.IsEmpty)
            text.Append('\n').Append(NoticeLines(status, paint)).Append('\n');
        return text.ToString();
    }

    public static string VerdictLine(ClusterStatus status, Paint paint)
    {
        var parts = new List<string> { paint.Strong(status.Cluster), Painted(status.State, paint) };
        parts.Add(status.Leader is { } leader ? $"leader {leader}" : "no leader");
        if (status.Timeline is { } timeline)
            parts.Add($"timeline {timeline}");
        if (status.Epoch is { } epoch)
            parts.Add($"epoch {epoch}");
        if (status.Region is { } region)
            parts.Add($"{RegionText.Word(region.Role)} in term {region.Term}, beside {region.Twin.Name}");
        if (status.Durability is { } durability && status.Region is not { Follows: true })
            parts.Add($"{Words.Of(durability)}: commits wait for {status.Effective?.ToString() ?? "an unknown set"}");
        if (status.LeaseLeft is { } left)
            parts.Add($"lease {Durations.Text(left)}");
        return string.Join("   ", parts);
    }

    /// <summary>One line for each row, tab-separated, the first field saying what kind of row it is.</summary>
    public static string Plain(ClusterStatus status)
    {
        var lines = new List<string>
        {
            Columns.Tabbed(
                "cluster", status.Cluster, Words.Of(status.State), status.Leader?.Text,
                status.Epoch?.ToString(), status.Timeline?.ToString()),
        };
        foreach (var member in status.Members)
            lines.Add(Columns.Tabbed(
                "member", member.Name.Text, Words.Of(member.Role), Words.Of(member.State),
                $"{member.Host}:{member.Port}", Number(member.Pid), Number(member.AgentPid),
                member.Position?.ToString(), Number(member.Lag?.Bytes), member.Note));
        if (status.Address is { } address)
            lines.Add(address.Plain);
        lines.AddRange(ProxyText.Plain(status.Proxy));
        lines.AddRange(BackupText.Plain(status.Backups));
        foreach (var notice in status.Notices)
            lines.Add(Columns.Tabbed("notice", notice.Code, notice.Text, notice.Next));
        return string.Join('\n', lines);
    }

    private static string Table(ClusterStatus status, Paint paint, bool verbose)
    {
        List<string[]> rows = [Heading(verbose)];
        foreach (var member in status.Members)
            rows.Add(Row(member, status, verbose));
        return Columns.Align(rows, (index, line) => index == 0
            ? paint.Faint(line)
            : PaintRow(status.Members[index - 1], line, paint));
    }

    private static string[] Heading(bool verbose) => verbose
        ? ["MEMBER", "ROLE", "STATE", "ADDRESS", "LAG", "NOTE", "POSITION", "POSTGRES", "AGENT", "GUARD", "RULE"]
        : ["MEMBER", "ROLE", "STATE", "ADDRESS", "LAG", "NOTE"];

    private static string[] Row(MemberStatus member, ClusterStatus status, bool verbose)
    {
        var leads = member.Name == status.Leader ? " (leads)" : member.IsSynchronous ? " (sync)" : "";
        string[] row =
        [
            member.Name.Text,
            Words.Of(member.Role) + leads,
            Words.Of(member.State),
            member.Port == 0 ? "-" : $"{member.Host}:{member.Port}",
            member.Lag?.ToString() ?? "-",
            member.Note,
        ];
        return verbose
            ?
            [
                .. row, member.Position?.ToString() ?? "-",
                Pid(member.Pid), Pid(member.AgentPid), Pid(member.GuardPid), member.Rule,
            ]
            : row;
    }

    private static string Details(ClusterStatus status)
    {
        var lines = new List<string[]>
        {
            new[] { "recorded set", status.Recorded?.ToString() ?? "unknown" },
            new[] { "rto", status.Timing is { Ttl: var ttl } ? Durations.Text(ttl) : "unknown" },
            new[] { "kept by", Keeper(status) },
        };
        foreach (var member in status.Members)
            lines.Add([$"{member.Name} is in", member.DataDirectory]);
        return Columns.Align(lines);
    }

    private static string Keeper(ClusterStatus status) => status.KeptByUnits
        ? "systemd, on each host"
        : status.SupervisorPid is { } pid ? $"a supervisor, pid {pid}" : "nobody: the supervisor does not run";

    private static string NoticeLines(ClusterStatus status, Paint paint)
    {
        var count = status.Notices.Length;
        var text = new StringBuilder(count == 1 ? "1 notice\n" : $"{count} notices\n");
        foreach (var notice in status.Notices)
        {
            text.Append("  ").Append(paint.Warning(notice.Code)).Append("  ").Append(notice.Text);
            if (notice.Next.Length > 0)
                text.Append("    -> ").Append(notice.Next);
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n');
    }

    private static string Painted(ClusterState state, Paint paint)
    {
        var word = Words.Of(state).ToUpperInvariant();
        return state switch
        {
            ClusterState.Healthy => paint.Good(word),
            ClusterState.Degraded => paint.Warning(word),
            ClusterState.Down => paint.Bad(word),
            ClusterState.Unknown => paint.Bad(word),
        };
    }

    private static string PaintRow(MemberStatus member, string line, Paint paint) => member.State switch
    {
        MemberState.Running or MemberState.Streaming => line,
        MemberState.Disconnected or MemberState.Starting or MemberState.Empty => paint.Warning(line),
        MemberState.Stopped or MemberState.Unresponsive or MemberState.Foreign or MemberState.Silent => paint.Bad(line),
    };

    private static string Pid(int? pid) => pid is null ? "-" : Number(pid);

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}

using System.Globalization;
using System.Text;
using PgMahout.Core.Tuning;
using PgMahout.Output;

namespace PgMahout.Advising;

/// <summary>Advice for people, for scripts and for servers.</summary>
internal static class AdviceText
{
    public static string Render(Advice advice, AdviceFormat format, Paint paint) => format switch
    {
        AdviceFormat.Human => Human(advice, paint),
        AdviceFormat.Plain => Plain(advice),
        AdviceFormat.Json => DocumentJson.Text(AdviceDocument.Of(advice), DocumentJson.Types.AdviceDocument),
        AdviceFormat.Conf => Conf(advice),
        AdviceFormat.AlterSystem => AlterSystem(advice),
    };

    private static string Human(Advice advice, Paint paint)
    {
        var text = new StringBuilder();
        text.Append(Verdict(advice, paint)).Append('\n');
        foreach (var one in advice.Machine)
            text.Append(paint.Faint($"  {one.What,-12} {one.Value ?? "unknown"}   {one.How}")).Append('\n');
        text.Append('\n').Append(Table(advice, paint)).Append("\n\n").Append(Total(advice));
        foreach (var notice in advice.Notices)
            text.Append('\n').Append(paint.Warning("notice")).Append("  ").Append(notice);
        foreach (var finding in advice.Evidence)
            text.Append('\n').Append(paint.Warning(finding.Rule.ToString())).Append("  ").Append(finding.Text)
                .Append("    -> ").Append(Try(finding));
        return text.ToString();
    }

    private static string Verdict(Advice advice, Paint paint)
    {
        var changes = advice.Changes;
        var restarts = advice.Lines.Count(line => line.Changes && line.Effect == Effect.Restart);
        var verdict = changes == 0
            ? paint.Good("NOTHING TO CHANGE")
            : paint.Strong($"{changes} settings to change, {restarts} of them with a restart");
        var members = advice.Question.Members == 1 ? "" : $", {advice.Question.Members} members share it";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{verdict}   PostgreSQL {advice.Question.Server.Major}, {Name(advice.Question.Workload)}{members}"
            + $"   now: {advice.NowFrom}");
    }

    private static string Table(Advice advice, Paint paint)
    {
        List<string[]> rows = [["SETTING", "NOW", "ADVISED", "TAKES", "WHY"]];
        rows.AddRange(advice.Lines.Select(line => (string[])
        [
            line.Setting.Name, line.Now ?? "unknown", line.Setting.Value, Takes(line),
            $"{line.Setting.Reason} [{line.Setting.Rule}]",
        ]));
        return Columns.Align(
            rows, (row, line) => row == 0 || !advice.Lines[row - 1].Changes ? paint.Faint(line) : line);
    }

    private static string Total(Advice advice) =>
        $"busy, a member takes {advice.Total} of the {advice.Plan.Part.Memory} it has: "
        + "buffers, a sort in every connection and worker, autovacuum, the agent";

    private static string Plain(Advice advice)
    {
        var lines = advice.Lines.Select(line => Columns.Tabbed(
            "setting", line.Setting.Name, line.Now, line.Setting.Value, line.Changes ? Takes(line) : "-",
            line.Setting.Rule.ToString(), line.Setting.Reason));
        var notices = advice.Notices.Select(notice => Columns.Tabbed("notice", notice));
        var findings = advice.Evidence.Select(finding =>
            Columns.Tabbed("evidence", finding.Rule.ToString(), finding.Text, Try(finding)));
        return string.Join('\n', lines.Concat(notices).Concat(findings));
    }

    private static string Conf(Advice advice)
    {
        var width = advice.Lines.Max(line => line.Setting.Name.Length + line.Setting.Value.Length);
        var head = $"# pgmahout tune: PostgreSQL {advice.Question.Server.Major}, {Name(advice.Question.Workload)}, "
            + $"{advice.Plan.Part.Memory}, {advice.Plan.Part.Processors} processors, {Name(advice.Plan.Part.Storage)}";
        var lines = advice.Lines.Select(line =>
            $"{line.Setting.Name} = {line.Setting.Value}"
            + new string(' ', width - line.Setting.Name.Length - line.Setting.Value.Length)
            + $"  # {line.Setting.Reason}");
        return string.Join('\n', lines.Prepend(head));
    }

    private static string AlterSystem(Advice advice)
    {
        var lines = advice.Lines.Where(line => line.Changes)
            .Select(line => $"ALTER SYSTEM SET {line.Setting.Name} = '{line.Setting.Value}';");
        var restart = advice.Lines.Where(line => line.Changes && line.Effect == Effect.Restart)
            .Select(line => line.Setting.Name);
        return string.Join('\n', lines.Append("SELECT pg_reload_conf();")
            .Append($"-- after a restart: {string.Join(", ", restart)}"));
    }

    private static string Takes(AdviceLine line) => line switch
    {
        { Changes: false } => "-",
        { Effect: { } effect } => Name(effect),
        _ => "not in this version",
    };

    private static string Try(EvidenceFinding finding) => finding.Setting is { } setting
        ? $"{setting} = {finding.Advised}; {finding.Next}"
        : finding.Next;

    private static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

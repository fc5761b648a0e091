using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Diagnosis;

/// <summary>Lines of postgresql.conf that the server does not take.</summary>
internal static class SettingSymptoms
{
    private const string Name = @"""(?<name>[^""]*)""";

    public static readonly ImmutableArray<Symptom> All =
    [
        new("unknown-setting", SymptomEnd.Start,
            $@"unrecognized configuration parameter {Name} in file ""(?<file>[^""]*)"" line "
                + $@"(?<line>\d+)", Unrecognized),
        new("setting-syntax", SymptomEnd.Start,
            @"syntax error in file ""(?<file>[^""]*)"" line (?<line>\d+), near (?<token>.*)$", Syntax),
        new(
            "setting-unit",
            SymptomEnd.Start,
            $@"invalid value for parameter {Name}: ""(?<value>[^""]*)""",
            InvalidValue),
        new("setting-range", SymptomEnd.Start,
            $@"(?<value>\S+( \S+)?) is outside the valid range for parameter {Name} \((?<range>[^)]*)\)",
            finding => Wrong(
                finding, $"{finding["value"]} is outside the range of {finding["name"]}: {finding["range"]}.")),
        new("setting-switch", SymptomEnd.Start, $"parameter {Name} requires a (Boolean|numeric|integer) value",
            finding => Wrong(
                finding, $"{finding["name"]} takes {Kind(finding)}, and the configuration has something else.")),
        new("connections-reserved", SymptomEnd.Start, @"(?<name>\w+) \((?<one>\d+)\) (plus \w+ \(\d+\) )?must be "
            + @"less than "
            + @"(?<other>max_connections)( \((?<two>\d+)\))?",
            finding => Wrong(
                finding, $"{finding["name"]} ({finding["one"]}) must be less than max_connections ({finding["two"]}): "
                + "otherwise no ordinary client could connect.")),
        new("senders-need-wal", SymptomEnd.Start, @"WAL streaming \(max_wal_senders > 0\) requires "
            + @"wal_level", _ => new Remedy(
            "wal_level = minimal keeps too little WAL for standbys, and max_wal_senders asks for them.",
            "pgmahout config set wal_level=replica", "psql -c \"ALTER SYSTEM SET wal_level = replica\"")),
        new("archive-needs-wal", SymptomEnd.Start, "WAL archival cannot be enabled when wal_level is "
            + "\"minimal\"", _ => new Remedy(
            "archive_mode is on, and wal_level = minimal keeps too little WAL for an archive.",
            "pgmahout config set wal_level=replica")),
        new("recovery-targets", SymptomEnd.Start, "multiple recovery targets specified", finding => new Remedy(
            "More than one recovery_target is set, and a recovery has one end. Keep one of recovery_target_time, "
            + "recovery_target_lsn, recovery_target_xid, recovery_target_name and recovery_target.",
            $"grep -n recovery_target {finding.Reading.DataDirectory}/postgresql*.conf")),
        new("recovery-conf", SymptomEnd.Start, @"using recovery command file ""recovery.conf"" is not "
            + @"supported", finding =>
            new Remedy(FormerSettings.WhyNot("standby_mode") + ". Its settings go into postgresql.conf.",
                $"mv {finding.Reading.FileIn("recovery.conf")} {finding.Reading.FileIn("recovery.conf.old")}")),
        new("include-missing", SymptomEnd.Start, @"could not open configuration (file|directory) "
            + @"""(?<file>[^""]*)""", finding =>
            new Remedy(
                $"An include line names {finding["file"]}, which cannot be opened: it is missing, or the server's "
                + "account may not read it. include_if_exists would pass over a missing one.",
                $"grep -n include {finding.Reading.FileIn("postgresql.conf")}", $"ls -l {finding["file"]}")),
    ];

    private static Remedy Unrecognized(Finding finding)
    {
        var (name, file, line) = (finding["name"], finding["file"], finding["line"]);
        var known = finding.Reading.Settings;
        if (FormerSettings.WhyNot(name) is { } former)
        {
            var value = Value(finding.Reading.ReadLine(file, finding.Number("line")));
            var instead = value is null ? null : FormerSettings.Instead(name, value);
            var fix = instead is null ? $"sed -i '{line}s/^/#/' {file}" : $"sed -i '{line}s/.*/{instead}/' {file}";
            return new Remedy(
                $"There is no setting {name} (line {line} of {file}): {former}. "
                + (instead is null ? "Take the line out." : $"Write {instead}."), fix);
        }
        return Spelling.Nearest(name, known) is { } near
            ? new Remedy(
                $"There is no setting {name} (line {line} of {file}): did you mean {near}?",
                $"sed -i '{line}s/{name}/{near}/' {file}")
            : new Remedy(
                $"There is no setting {name} (line {line} of {file}). One of an extension has the extension's name and "
                + "a dot before its own.", $"sed -i '{line}s/^/#/' {file}");
    }

    private static Remedy Syntax(Finding finding)
    {
        var (file, line, token) = (finding["file"], finding["line"], finding["token"].Trim());
        var text = finding.Reading.ReadLine(file, finding.Number("line"));
        var meant = (token, text) switch
        {
            (_, { } written) when written.Contains("//", StringComparison.Ordinal) =>
                "A comment begins with #, not with //.",
            ("end of line", _) => "The value is missing. An empty one is written ''.",
            (_, { } written) when written.Count(c => c == '\'') % 2 == 1 =>
                "A quote is opened and not closed. Text stands between two single quotes.",
            _ => "A line is NAME = VALUE; a value with anything but letters, digits, . and _ stands in single quotes.",
        };
        return new Remedy(
            $"There is a syntax error in line {line} of {file}, near {token}"
            + $"{(text is null ? "" : $": {text.Trim()}")}. {meant}", $"vi +{line} {file}");
    }

    private static Remedy InvalidValue(Finding finding)
    {
        var (name, value, hint) = (finding["name"], finding["value"], finding.Note("HINT"));
        var what = $"{name} cannot be '{value}'.";
        if (hint.StartsWith("Value exceeds integer range", StringComparison.Ordinal))
            return Wrong(finding, $"{what} It is far outside the range of the setting.");
        if (hint.StartsWith("Valid units", StringComparison.Ordinal))
            return Wrong(finding, $"{what} Its unit is not one of this setting; case matters. {hint}");
        if (hint.StartsWith("Available values:", StringComparison.Ordinal))
        {
            var words = hint["Available values:".Length..].Trim(' ', '.').Split(", ");
            return Wrong(finding, $"{what} It is one of {string.Join(", ", words)}{Spelling.Hint(value, words)}"
                + (Spelling.Nearest(value, words) is null ? "." : ""));
        }
        if (name.StartsWith("lc_", StringComparison.Ordinal))
            return Wrong(finding, $"{what} This machine has no such locale.", "locale -a");
        if (name is "TimeZone" or "log_timezone")
            return Wrong(
                finding, $"{what} There is no such TimeZone; names look like Asia/Seoul.", "timedatectl "
                    + "list-timezones");
        if (finding.Note("DETAIL") is { Length: > 0 } detail)
            return Wrong(finding, $"{what} {detail}.");
        return Wrong(finding, char.IsAsciiLetter(value.FirstOrDefault('0'))
            ? $"{what} It takes a number, with a unit behind it where it has one."
            : what);
    }

    private static string Kind(Finding finding) =>
        finding.Match.Value.Contains("Boolean", StringComparison.Ordinal) ? "on or off" : "a number";

    private static Remedy Wrong(Finding finding, string what, params string[] before) => new(what,
    [
        .. before,
        $"grep -n -i '^ *{finding["name"]}' {finding.Reading.DataDirectory}/*.conf",
        $"pgmahout config set {finding["name"]}=VALUE",
    ]);

    /// <summary>What stands behind the name in a line of postgresql.conf.</summary>
    private static string? Value(string? line)
    {
        if (line is null)
            return null;
        var words = line.Split('#')[0].Split([' ', '\t', '='], 2, StringSplitOptions.RemoveEmptyEntries);
        return words.Length < 2 ? null : words[1].Trim(' ', '\t', '=', '\'', '\r');
    }
}

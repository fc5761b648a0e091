using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Access;

namespace PgMahout.Core.Diagnosis;

/// <summary>Lines of pg_hba.conf that the server does not take.</summary>
internal static class AccessSymptoms
{
    private const string Refused =
        @"(?<message>invalid authentication method ""(?<word>[^""]*)"".*|invalid connection type ""[^""]*"""
        + @"|end-of-line before .*|invalid IP mask .*|invalid IP address .*|invalid CIDR mask .*"
        + @"|IP address and mask do not match|specifying both host name and CIDR mask is invalid.*"
        + @"|multiple values specified for (host address|netmask|connection type|authentication type)"
        + @"|authentication option .*|unrecognized authentication option name.*|.* can only be configured for "
        + @"""hostssl"".*"
        + @"|\w+ authentication is (only|not) supported on .*|authentication method ""[^""]*"" requires argument .*"
        + @"|invalid (value for client|LDAP|RADIUS|regular expression).*|cannot use ldap.*|list of RADIUS .*"
        + @"|the number of RADIUS .*|could not parse (LDAP|RADIUS) .*|could not translate RADIUS .*)$";

    public static readonly ImmutableArray<Symptom> All =
    [
        new("hba-syntax", SymptomEnd.Start, "LOG:  " + Refused, BadLine),
        new("hba-word-file", SymptomEnd.Start,
            @"could not open (secondary authentication file ""(?<word>[^""]*)"" as|file) ""(?<file>[^""]*)""",
            finding => new Remedy(
                $"A line of pg_hba.conf refers to the file {finding["file"]}, which cannot be opened. PostgreSQL "
                + "refuses the whole of pg_hba.conf for that. Write the file, or take the line out.",
                $"grep -n '@\\|^include' {finding.Reading.FileIn("pg_hba.conf")}")),
        new("hba-missing", SymptomEnd.Start, @"could not open configuration file ""(?<file>[^""]*hba[^""]*)""",
            finding => new Remedy(
                $"The file of access rules, {finding["file"]}, cannot be opened: hba_file names it, or it was deleted. "
                + "Without a pg_hba.conf nobody could log in, so the server does not start.",
                $"ls -l {finding["file"]}", $"grep -n hba_file {finding.Reading.FileIn("postgresql.conf")}")),
        new("hba-empty", SymptomEnd.Start, @"configuration file ""(?<file>[^""]*)"" contains no entries",
            finding => new Remedy(
                $"{finding["file"]} has no rule, so nobody could log in. The server does not start.",
                $"echo 'local all all peer' >> {finding["file"]}")),
    ];

    private static Remedy BadLine(Finding finding)
    {
        var place = finding.Also(@"line (?<line>\d+) of configuration file ""(?<file>[^""]*)""");
        var file = place.Success ? place.Groups["file"].Value : finding.Reading.FileIn("pg_hba.conf");
        var number = place.Success ? place.Groups["line"].Value : "";
        var what = $"PostgreSQL refuses the whole of {file} because of line {(number == "" ? "?" : number)}: "
            + $"{finding["message"]}.";
        var line = place.Success
            ? finding.Reading.ReadLine(file, int.Parse(number, CultureInfo.InvariantCulture))
            : null;
        var error = HbaFile.Parse(line ?? "", new HbaDialect(finding.Reading.Version)).Errors.FirstOrDefault();
        var meant = error?.Suggestion ?? MethodMeant(finding);
        var fix = finding["word"] is { Length: > 0 } word && meant.StartsWith("did you mean ", StringComparison.Ordinal)
            ? $"sed -i '{number}s/{Escaped(word)}\\b/{meant[13..^1]}/' {file}"
            : $"vi +{number} {file}";
        return new Remedy($"{what} {Sentence(meant)}{Quoted(line)}{OnTrust(line)}".TrimEnd(), fix);
    }

    // Where the file cannot be read, the log at least has the word.
    private static string MethodMeant(Finding finding) => finding["word"] is { Length: > 0 } word
        ? HbaFile.Parse($"host all all all {new HbaToken(word, true, 1, 1)}", new HbaDialect(finding.Reading.Version))
            .Errors.FirstOrDefault()?.Suggestion ?? ""
        : "";

    private static string Sentence(string meant) => meant.Length == 0
        ? ""
        : char.ToUpperInvariant(meant[0]) + meant[1..] + (meant.EndsWith('?') ? " " : ". ");

    private static string Quoted(string? line) => line is null ? "" : $"The line is: {line.Trim()} ";

    // The one who blames trust for a typing error beside it looks for SSH keys next.
    private static string OnTrust(string? line) =>
        line?.Contains("trust", StringComparison.Ordinal) == true
            ? "trust itself is not the mistake: it needs neither a password nor an SSH key."
            : "";

    private static string Escaped(string word) =>
        string.Concat(word.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c.ToString() : "\\" + c));
}

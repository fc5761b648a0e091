using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace PgMahout.Core.Diagnosis;

/// <summary>A way in which a log tells of a failure, and how it is explained.</summary>
/// <param name="Pattern">Found in a line, behind its severity.</param>
/// <param name="Ends">What, when it is seen later in the log, makes it history.</param>
internal sealed record Symptom(string Cause, SymptomEnd Ends, string Pattern, Func<Finding, Remedy> Explain)
{
    private Regex Expression { get; } =
        new(Pattern, RegexOptions.CultureInvariant, matchTimeout: TimeSpan.FromSeconds(1));

    public Match Find(string line) => Expression.Match(line);
}

/// <summary>What ends a failure, for the log to tell.</summary>
internal enum SymptomEnd
{
    /// <summary>It keeps a server from starting, until a start works.</summary>
    Start,

    /// <summary>It keeps a standby from following, until it streams.</summary>
    Streaming,

    /// <summary>The log does not tell that it is over.</summary>
    Never,
}

/// <summary>A symptom that was found.</summary>
/// <param name="Block">The lines about one failure.</param>
internal sealed record Finding(Match Match, ImmutableArray<string> Block, LogReading Reading)
{
    public string this[string name] => Match.Groups[name].Value;

    public int Number(string name) =>
        int.TryParse(
            this[name], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture,
            out var number)
            ? number
            : 0;

    /// <summary>What follows a mark such as <c>DETAIL:  </c> in the block; empty when there is none.</summary>
    public string Note(string mark) => Block
        .Select(line => (line, At: line.IndexOf(mark + ":  ", StringComparison.Ordinal)))
        .Where(found => found.At >= 0)
        .Select(found => found.line[(found.At + mark.Length + 3)..])
        .FirstOrDefault() ?? "";

    /// <summary>The first match of a pattern in the block.</summary>
    public Match Also(string pattern) => Block
        .Select(line => Regex.Match(line, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)))
        .FirstOrDefault(match => match.Success) ?? Match.Empty;
}

/// <summary>The words and the commands for a symptom.</summary>
internal sealed record Remedy(string What, params string[] Fixes);

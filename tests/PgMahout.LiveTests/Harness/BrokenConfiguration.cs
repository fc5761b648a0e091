using System.Collections.Immutable;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>One entry of BrokenConfigurations.txt.</summary>
/// <param name="Word">What an explanation must have.</param>
internal sealed record BrokenConfiguration(string Name, string File, string Lines, string Word)
{
    private const int Fewest = 40;

    public bool IsLockOut => File == "lock-out";

    private bool IsAccess => File != "postgresql.conf";

    public static ImmutableArray<BrokenConfiguration> All()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "BrokenConfigurations.txt");
        ImmutableArray<BrokenConfiguration> all =
        [
            .. System.IO.File.ReadLines(path)
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line.Split(" | "))
                .Select(parts => new BrokenConfiguration(
                    parts[0], parts[1], parts[2].Replace("\\n", "\n", StringComparison.Ordinal), parts[3])),
        ];
        Assert.True(all.Length >= Fewest, $"only {all.Length} entries in {path}");
        return all;
    }

    /// <summary>As `config edit --from` takes it.</summary>
    public string AsConfiguration() =>
        (IsAccess ? "[access]\n" : "[cluster]\n")
        + Lines.Replace("{replication}", "pgmahout_replication", StringComparison.Ordinal)
            .Replace("{superuser}", "postgres", StringComparison.Ordinal)
        + "\n";

    /// <summary>
    /// The word itself; or, for a setting that pgmahout rules, or a line that is no setting, the line or setting at
    /// least: those are refused before their values are looked at.
    /// </summary>
    public bool IsExplainedBy(string text) =>
        text.Contains(Word, StringComparison.OrdinalIgnoreCase)
        || (!IsAccess && Lines.Split('\n').Any(line => IsNamedIn(text, line)));

    private static bool IsNamedIn(string text, string line) =>
        text.Contains($"{line.Split('=')[0].Trim()} ", StringComparison.Ordinal)
        && (text.Contains("ruled by pgmahout", StringComparison.Ordinal)
            || text.Contains("not of the form", StringComparison.Ordinal)
            || text.Contains("is not a number", StringComparison.Ordinal)
            || text.Contains("pgmahout sets up standbys itself", StringComparison.Ordinal)
            || text.Contains("would end replication", StringComparison.Ordinal));
}

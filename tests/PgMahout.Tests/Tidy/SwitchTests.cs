using System.Text.RegularExpressions;
using Xunit;

namespace PgMahout.Tests.Tidy;

/// <summary>
/// The error is always in the case that fell through: a switch over one of our enums names every value, so that the
/// compiler points at it when a value is added.
/// </summary>
public sealed partial class SwitchTests
{
    [Fact]
    public void A_switch_over_our_own_enums_has_no_arm_for_the_rest()
    {
        var enums = Enums();
        var silent =
            from path in Repository.Sources
            let code = CSharpText.CodeOf(Repository.Read(path))
            from line in SilentSwitches(code, enums)
            select $"{path}:{line}";

        Violations.None(silent);
    }

    [Theory]
    [InlineData("x switch { Color.Red => 1, _ => 2 };")]
    [InlineData("x switch { Color.Red or Color.Blue => F(a, b), _ => 2, };")]
    [InlineData("switch (x) { case Color.Red: return 1; default: return 2; }")]
    public void A_silent_switch_is_found(string code) => Assert.Equal([1], SilentSwitches(code, ["Color"]));

    [Theory]
    [InlineData("x switch { Color.Red => y switch { 1 => 2, _ => 3 }, Color.Blue => 4 };")]
    [InlineData("x switch { 1 => Color.Red, _ => Color.Blue };")]
    [InlineData("switch (x) { case 1: return Color.Red; default: return Color.Blue; }")]
    public void Other_switches_may_have_an_arm_for_the_rest(string code) =>
        Assert.Empty(SilentSwitches(code, ["Color"]));

    private static HashSet<string> Enums() =>
    [
        .. from path in Repository.Sources
           from header in CSharpFile.Parse(Repository.Read(path)).TypeHeaders
           let match = EnumName().Match(header)
           where match.Success
           select match.Groups[1].Value,
    ];

    private static IEnumerable<int> SilentSwitches(string code, IReadOnlySet<string> enums) =>
        from start in SwitchStart().Matches(code)
        let patterns = Patterns(code, start.Index + start.Length).ToArray()
        where patterns.Any(pattern => enums.Contains(pattern.Split('.')[0].Trim()))
        where patterns.Any(pattern => pattern.Trim() is "_" or "default")
        select code.AsSpan(0, start.Index).Count('\n') + 1;

    private static IEnumerable<int> SilentSwitches(string code, string[] enums) =>
        SilentSwitches(code, enums.ToHashSet());

    /// <summary>What stands before each arm of the switch that was opened before <paramref name="from"/>.</summary>
    private static IEnumerable<string> Patterns(string code, int from) =>
        Arm().Matches(OwnText(code, from)).Select(match => match.Groups["pattern"].Value);

    /// <summary>The switch's own text, without anything in further brackets.</summary>
    private static string OwnText(string code, int from)
    {
        var own = new System.Text.StringBuilder(",");
        var depth = 0;
        for (var at = from; at < code.Length && depth >= 0; at++)
        {
            depth += code[at] switch { '(' or '[' or '{' => 1, ')' or ']' or '}' => -1, _ => 0 };
            if (depth == 0)
                own.Append(code[at]);
        }
        return own.ToString();
    }

    [GeneratedRegex(@"\benum\s+(\w+)")]
    private static partial Regex EnumName();

    [GeneratedRegex(@"\bswitch\s*(\([^{}]*\)\s*)?\{")]
    private static partial Regex SwitchStart();

    [GeneratedRegex(@",\s*(?<pattern>[\w.\s]+?)\s*=>|\bcase\s+(?<pattern>[\w.]+)[^:]*:|\b(?<pattern>default)\s*:")]
    private static partial Regex Arm();
}

using PgMahout.Core.Ha;
using Xunit;

namespace PgMahout.Tests.Tidy;

public sealed class RuleTests
{
    [Fact]
    public void Every_rule_has_a_meaning_for_people()
    {
        Violations.None(
            from rule in Enum.GetValues<Rule>()
            let meaning = RuleText.Meaning(rule)
            where meaning.Length < 20 || !meaning.EndsWith('.')
            select $"{rule}: '{meaning}'");
    }

    [Fact]
    public void No_two_rules_mean_the_same() =>
        Violations.None(
            from rule in Enum.GetValues<Rule>()
            group rule by RuleText.Meaning(rule) into same
            where same.Count() > 1
            select string.Join(", ", same));
}

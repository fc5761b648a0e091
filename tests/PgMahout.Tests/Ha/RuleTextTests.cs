using PgMahout.Core.Ha;
using Xunit;

namespace PgMahout.Tests.Ha;

public sealed class RuleTextTests
{
    public static TheoryData<Rule> Rules => [.. Enum.GetValues<Rule>()];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_rule_is_explained_in_whole_sentences(Rule rule)
    {
        var meaning = RuleText.Meaning(rule);

        Assert.Matches(@"^[A-Z].{20,}[a-z]\.$", meaning);
        Assert.DoesNotContain("  ", meaning, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void When_it_applies_is_said_in_its_first_sentence(Rule rule)
    {
        var occasion = RuleText.Occasion(rule);

        Assert.StartsWith(occasion, RuleText.Meaning(rule), StringComparison.Ordinal);
        Assert.Matches(@"^[A-Z].{15,}[a-z]\.$", occasion);
        Assert.DoesNotContain(". ", occasion, StringComparison.Ordinal);
    }

    [Fact]
    public void No_two_rules_mean_the_same() =>
        Assert.Distinct(Enum.GetValues<Rule>().Select(RuleText.Meaning));
}

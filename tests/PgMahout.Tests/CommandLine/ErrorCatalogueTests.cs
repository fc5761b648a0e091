using System.Text.RegularExpressions;
using PgMahout.CommandLine;
using PgMahout.Core.Ha;
using PgMahout.Errors;
using PgMahout.Tests.Tidy;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed partial class ErrorCatalogueTests
{
    [Fact]
    public void No_code_is_used_for_two_things() =>
        Assert.Equal(ErrorCatalogue.All.Length, ErrorCatalogue.All.DistinctBy(kind => kind.Code).Count());

    [Fact]
    public void Codes_are_an_area_and_a_number() =>
        Assert.All(ErrorCatalogue.All, kind => Assert.Matches("^[A-Z]{2,4}-[0-9]{3}$", kind.Code));

    [Fact]
    public void Every_code_says_what_it_means() =>
        Assert.All(
            ErrorCatalogue.All, kind => Assert.True(kind.Meaning.Length > 60 && kind.Meaning.EndsWith('.'), kind.Code));

    [Fact]
    public void Every_kind_that_is_declared_is_in_the_list_and_used()
    {
        var sources = Repository.Sources
            .Where(path => path.StartsWith("src/PgMahout/", StringComparison.Ordinal)
                && !path.EndsWith("ErrorCatalogue.cs", StringComparison.Ordinal))
            .Select(Repository.Read)
            .ToArray();
        var declared = typeof(ErrorCatalogue)
            .GetFields().Where(field => field.FieldType == typeof(ErrorKind)).ToArray();

        Assert.Equal(declared.Length, ErrorCatalogue.All.Length);
        Assert.All(declared, field =>
            Assert.Contains(sources, text => text.Contains($"ErrorCatalogue.{field.Name}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_code_of_an_agents_problem_can_be_explained()
    {
        var codes = Repository.Sources
            .Where(path => path.StartsWith("src/PgMahout.Postgres/", StringComparison.Ordinal)
                || path.StartsWith("src/PgMahout.Agent/", StringComparison.Ordinal))
            .Select(Repository.Read)
            .Where(text => text.Contains("Problem", StringComparison.Ordinal))
            .SelectMany(text => ProblemCode().Matches(text))
            .Select(match => match.Groups[1].Value)
            .Distinct()
            .ToArray();

        Assert.True(codes.Length >= 10, "the codes were not found where they are expected");
        Assert.All(codes, code => Assert.Contains(code, ProblemCatalogue.All.Keys));
    }

    [Fact]
    public void Every_exit_code_has_its_documented_number() => Assert.Equal(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 22],
        Enum.GetValues<ExitCode>().Select(code => (int)code).Order());

    [Fact]
    public void Every_rule_can_be_explained() =>
        Assert.All(Enum.GetValues<Rule>(), rule => Assert.NotEmpty(RuleText.Meaning(rule)));

    [GeneratedRegex(@"(?:Problem|new)\(\s*""([a-z]+(?:-[a-z]+)+)""")]
    private static partial Regex ProblemCode();
}

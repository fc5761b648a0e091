using System.Text.RegularExpressions;
using Xunit;

namespace PgMahout.Tests.Tidy;

public sealed partial class DocumentTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("README.ko.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("STYLE.md")]
    [InlineData("DECISIONS.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/README.md")]
    [InlineData("docs/exit-codes.md")]
    [InlineData("docs/operations.md")]
    public void The_house_has_its_documents(string path) => Assert.True(Repository.Exists(path));

    [Fact]
    public void Paths_named_in_documents_exist()
    {
        var dead =
            from path in Repository.Documents
            from named in PathInCode().Matches(Repository.Read(path)).Select(match => match.Groups[1].Value)
            where !Repository.Exists(named)
            select $"{path} names {named}";

        Violations.None(dead);
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var dead =
            from path in Repository.Documents
            from link in Link().Matches(Repository.Read(path)).Select(match => match.Groups[1].Value)
            where !link.Contains("://", StringComparison.Ordinal)
            where !LeadsSomewhere(path, link)
            select $"{path} links to {link}";

        Violations.None(dead);
    }

    [Fact]
    public void Every_page_of_the_manual_is_in_its_index()
    {
        var index = Repository.Read("docs/README.md");
        var missing = Repository.Documents
            .Where(path => path.StartsWith("docs/", StringComparison.Ordinal) && path != "docs/README.md")
            .Where(path => !index.Contains($"({path["docs/".Length..]})", StringComparison.Ordinal));

        Violations.None(missing);
    }

    [Fact]
    public void Every_test_that_the_list_of_scenarios_names_exists()
    {
        var tests = string.Concat(Repository.Files
            .Where(path => path.StartsWith("tests/", StringComparison.Ordinal))
            .Select(path => path.EndsWith(".cs", StringComparison.Ordinal) ? Repository.Read(path) : $"\"{path}\""));
        var missing = TestInCode().Matches(Repository.Read("docs/scenarios.md"))
            .Select(match => match.Groups[1].Value)
            .Where(name => !Regex.IsMatch(tests, $@"[ ""/]{name}[("" .\n]"));

        Violations.None(missing);
    }

    private static bool LeadsSomewhere(string from, string link)
    {
        var parts = link.Split('#', 2);
        var target = parts[0].Length == 0 ? from : Normal(Path.Combine(Path.GetDirectoryName(from) ?? "", parts[0]));
        return Repository.Exists(target) && (parts.Length == 1 || Anchors(target).Contains(parts[1]));
    }

    private static string Normal(string path) =>
        Path.GetRelativePath(Repository.Root, Path.GetFullPath(path, Repository.Root)).Replace('\\', '/');

    private static IEnumerable<string> Anchors(string path) =>
        Heading().Matches(Repository.Read(path)).Select(match =>
            NotInAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    // A path is told from a word by the folder it starts with; placeholders such as NAME or * are not paths.
    [GeneratedRegex(@"`((?:src|tests|docs|scripts|\.ci)/[a-z0-9_./-]*)`", RegexOptions.IgnoreCase)]
    private static partial Regex PathInCode();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("`([A-Z][A-Za-z]+(?:_[A-Za-z_]+|Tests|Bound)|[a-z]+(?:-[a-z]+)*-[a-z]+|pause)`")]
    private static partial Regex TestInCode();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}

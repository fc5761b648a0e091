using System.Text.RegularExpressions;
using Xunit;

namespace PgMahout.Tests.Tidy;

public sealed partial class WordTests
{
    // These two have to name what they forbid.
    private static readonly string[] Exempt = ["STYLE.md", "tests/PgMahout.Tests/Tidy/WordTests.cs"];

    private static IEnumerable<string> Texts => Repository.Files
        .Where(path => !path.EndsWith("packages.lock.json", StringComparison.Ordinal) && !Exempt.Contains(path));

    [Fact]
    public void A_thing_has_one_name_and_it_is_the_one_of_the_field() =>
        Violations.None(LinesWith(ForeignWord()));

    [Fact]
    public void Nothing_is_left_to_be_done_later() =>
        Violations.None(LinesWith(Postponement()));

    [Fact]
    public void Folders_and_types_are_named_for_what_they_are()
    {
        var folders =
            from path in Repository.Files
            from folder in path.Split('/')[..^1]
            where EmptyFolderName().IsMatch(folder)
            select $"{path}: folder {folder}";
        var types =
            from path in Repository.Sources
            from header in CSharpFile.Parse(Repository.Read(path)).TypeHeaders
            where EmptyTypeName().IsMatch(header.Split('(', ':')[0])
            select $"{path}: {header}";

        Violations.None(folders.Concat(types));
    }

    [Fact]
    public void Classes_are_sealed_unless_they_are_made_to_be_inherited()
    {
        var open =
            from path in Repository.Sources
            from header in CSharpFile.Parse(Repository.Read(path)).TypeHeaders
            where OpenClass().IsMatch(header)
            select $"{path}: {header}";

        Violations.None(open);
    }

    private static IEnumerable<string> LinesWith(Regex word) =>
        from path in Texts
        from line in Repository.Lines(path).Index()
        where word.IsMatch(line.Item)
        select $"{path}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"\b(master|slave)s?\b", RegexOptions.IgnoreCase)]
    private static partial Regex ForeignWord();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Postponement();

    [GeneratedRegex("^(Helpers?|Utils?|Utilities|Managers?|Data|Infos?|Common|Misc)$", RegexOptions.IgnoreCase)]
    private static partial Regex EmptyFolderName();

    [GeneratedRegex(@"\b(\w*(Helper|Helpers|Util|Utils|Utilities|Manager)|Data|Info)(<.*>)?\s*$")]
    private static partial Regex EmptyTypeName();

    [GeneratedRegex(@"^((public|internal|private|protected|partial|file)\s+)*(class|record(?!\s+struct))\s")]
    private static partial Regex OpenClass();
}

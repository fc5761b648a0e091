using Xunit;

namespace PgMahout.Tests.Tidy;

public sealed class SizeTests
{
    private const int Columns = 120;
    private const int MethodLines = 60;
    private const int Parameters = 5;
    private const int Nesting = 3;
    private const int RootFiles = 20;
    private static readonly string[] Scripts = ["pgmahout", "test", "scripts/prepare.sh", "scripts/install-packages"];

    // A text for each value of an enum: looked up in, not read through.
    private static readonly string[] Tables = ["src/PgMahout.Core/Ha/RuleText.cs Meaning"];

    [Fact]
    public void Files_are_short_enough_to_be_read_in_one_go()
    {
        var tooLong =
            from path in Repository.Sources
            let lines = Repository.Lines(path).Length
            where lines > (path.StartsWith("tests/", StringComparison.Ordinal) ? 600 : 400)
            select $"{path}: {lines} lines";

        Violations.None(tooLong);
    }

    [Fact]
    public void Lines_fit_beside_each_other_on_a_screen()
    {
        var tooLong =
            from path in Repository.Sources.Concat(Scripts)
            from line in Repository.Lines(path).Index()
            where line.Item.Length > Columns
            select $"{path}:{line.Index + 1}: {line.Item.Length} columns";

        Violations.None(tooLong);
    }

    [Fact]
    public void Methods_fit_on_a_screen_and_take_few_parameters_and_do_not_nest_deeply()
    {
        var tooBig =
            from path in Repository.Sources
            from method in CSharpFile.Parse(Repository.Read(path)).Methods
            where !Tables.Contains($"{path} {method.Name}")
            from complaint in Complaints(method)
            select $"{path}:{method.Line}: {method.Name} {complaint}";

        Violations.None(tooBig);
    }

    [Fact]
    public void Classes_take_few_parameters()
    {
        var tooMany =
            from path in Repository.Sources
            from header in CSharpFile.Parse(Repository.Read(path)).TypeHeaders
            where !header.Contains("record", StringComparison.Ordinal)
            where CSharpMethod.CountOfPrimaryConstructor(header) > Parameters
            select $"{path}: {header}";

        Violations.None(tooMany);
    }

    [Fact]
    public void The_root_can_be_taken_in_at_a_glance() =>
        Assert.InRange(Repository.RootFiles().Count(), 1, RootFiles);

    private static IEnumerable<string> Complaints(CSharpMethod method)
    {
        if (method.Lines > MethodLines)
            yield return $"has {method.Lines} lines";
        if (method.Parameters > Parameters)
            yield return $"takes {method.Parameters} parameters";
        if (method.Nesting > Nesting)
            yield return $"nests {method.Nesting} deep";
    }
}

using System.Xml.Linq;
using Xunit;

namespace PgMahout.Tests.Tidy;

/// <summary>
/// Pure things are below, effects above; a project exists because it forbids something or ships something.
/// </summary>
public sealed class DependencyTests
{
    private static readonly string[] Product =
    [
        "PgMahout.Agent", "PgMahout.Backup", "PgMahout.Core", "PgMahout.Postgres", "PgMahout.Proxy", "PgMahout.Store",
        "PgMahout.Undo",
    ];

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["PgMahout.Core"] = [],
        ["PgMahout.Store"] = ["PgMahout.Core"],
        ["PgMahout.Postgres"] = ["PgMahout.Core"],
        ["PgMahout.Agent"] = ["PgMahout.Core", "PgMahout.Postgres", "PgMahout.Store"],
        ["PgMahout.Backup"] = ["PgMahout.Core", "PgMahout.Postgres"],
        ["PgMahout.Undo"] = ["PgMahout.Backup", "PgMahout.Core", "PgMahout.Postgres"],
        // The data plane knows of no control plane.
        ["PgMahout.Proxy"] = ["PgMahout.Core"],
        ["PgMahout"] = [.. Product],
        ["PgMahout.Tests"] = ["PgMahout", .. Product],
        ["PgMahout.Simulation"] = ["PgMahout.Core"],
        ["PgMahout.InstanceTests"] =
        [
            "PgMahout.Agent", "PgMahout.Backup", "PgMahout.Core", "PgMahout.Postgres", "PgMahout.Proxy",
            "PgMahout.Store", "PgMahout.Undo",
        ],
        ["PgMahout.LiveTests"] = [],
        ["PgMahout.HostTests"] = ["PgMahout.Core", "PgMahout.Store"],
    };

    [Fact]
    public void Projects_reference_only_what_lies_below_them()
    {
        var wrong =
            from project in Repository.Projects
            from reference in Names(project, "ProjectReference")
            where !AllowedFor(project).Contains(reference)
            select $"{project} must not reference {reference}";

        Violations.None(wrong);
    }

    [Fact]
    public void Every_project_has_its_place_in_the_order() =>
        Violations.None(Repository.Projects.Where(project => !Allowed.ContainsKey(NameOf(project))));

    [Fact]
    public void Core_needs_no_package() =>
        Violations.None(Names("src/PgMahout.Core/PgMahout.Core.csproj", "PackageReference"));

    [Fact]
    public void Core_is_fenced_by_its_own_banned_symbols() =>
        Assert.Contains(
            "BannedSymbols.txt",
            Document("src/PgMahout.Core/PgMahout.Core.csproj").Descendants("AdditionalFiles").Select(Included));

    [Fact]
    public void The_product_stands_on_few_packages()
    {
        var packages = Repository.Projects
            .Where(project => project.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(project => Names(project, "PackageReference"))
            .Distinct();

        Assert.InRange(packages.Count(), 1, 12);
    }

    [Fact]
    public void Every_package_has_a_decision()
    {
        var decisions = Repository.Read("DECISIONS.md");
        var undecided = Document("Directory.Packages.props").Descendants("PackageVersion").Select(Included)
            .Where(package => !decisions.Contains($"`{package}`", StringComparison.Ordinal));

        Violations.None(undecided);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("PgMahout.slnx");

        Violations.None(Repository.Projects
            .Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal)));
    }

    private static string[] AllowedFor(string project) =>
        Allowed.GetValueOrDefault(NameOf(project), []);

    private static XDocument Document(string path) => XDocument.Parse(Repository.Read(path));

    private static IEnumerable<string> Names(string project, string element) =>
        Document(project).Descendants(element).Select(Included).Select(NameOf);

    private static string Included(XElement element) => (string?)element.Attribute("Include") ?? "";

    private static string NameOf(string reference) =>
        reference.EndsWith(".csproj", StringComparison.Ordinal)
            ? Path.GetFileNameWithoutExtension(reference.Replace('\\', '/'))
            : reference;
}

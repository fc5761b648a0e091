namespace PgMahout.Tests.Tidy;

/// <summary>The files of the work tree, without what is built from them.</summary>
internal static class Repository
{
    private static readonly string[] Folders = ["src", "tests", "docs", "scripts", ".ci"];
    private static readonly string[] Unkept = ["artifacts", "bin", "obj"];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with forward slashes, sorted.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. RootFiles().Concat(Folders.SelectMany(FilesUnder)).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> Sources => With(".cs");

    public static IEnumerable<string> Documents => With(".md");

    public static IEnumerable<string> Projects => With(".csproj");

    public static IEnumerable<string> RootFiles() =>
        Directory.EnumerateFiles(Root).Select(Relative)
            .Where(path => path != ".git" && !path.EndsWith(".user", StringComparison.Ordinal));

    public static IEnumerable<string> With(string extension) =>
        Files.Where(path => path.EndsWith(extension, StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] Lines(string path) => Read(path).TrimEnd('\n').Split('\n');

    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    private static IEnumerable<string> FilesUnder(string folder)
    {
        var start = Path.Combine(Root, folder);
        return Directory.Exists(start)
            ? Directory.EnumerateFiles(start, "*", SearchOption.AllDirectories).Select(Relative).Where(IsKept)
            : [];
    }

    private static bool IsKept(string path) => !path.Split('/').Intersect(Unkept).Any();

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "PgMahout.slnx")))
                return folder.FullName;
        throw new InvalidOperationException($"no PgMahout.slnx above {AppContext.BaseDirectory}");
    }
}

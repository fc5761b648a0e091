using System.Text;
using PgMahout.Postgres.Files;

namespace PgMahout.Postgres.Adoption;

/// <summary>One line of a server's configuration, as the server itself reads it.</summary>
internal sealed record FormerLine(string File, string Name, string Value);

/// <summary>
/// What a server that is adopted had as its configuration, and the postgresql.conf in its data directory that says the
/// same: a copy of that directory must be a server, so nothing in it refers to a file elsewhere.
/// </summary>
/// <param name="Lines">In their order, those of postgresql.auto.conf left out.</param>
internal sealed record FormerFiles(string DataDirectory, string ConfigFile, IReadOnlyList<FormerLine> Lines)
{
    public const string MainConfiguration = "postgresql.conf";

    /// <summary>
    /// They say where files are, which follows from the data directory from now on; the last is a directory that only
    /// the former keeper makes.
    /// </summary>
    private static readonly string[] Placement =
        ["data_directory", "config_file", "hba_file", "ident_file", "external_pid_file", "stats_temp_directory"];

    private const string First = $"include '{MemberPaths.Defaults}'";

    /// <summary>Whether a text was made by <see cref="Adopted"/>.</summary>
    public static bool IsAdopted(string? text) => text?.StartsWith(First + "\n", StringComparison.Ordinal) == true;

    /// <param name="present">The text of <see cref="ConfigFile"/>.</param>
    public string Adopted(string present) =>
        $"{First}\n{(IsAtHome ? present.TrimEnd('\n') + "\n" : Flat())}{ServerConfiguration.IncludeLine}\n";

    /// <summary>The file in the data directory is all there is, and can stay with its comments.</summary>
    private bool IsAtHome =>
        ConfigFile == Path.Combine(DataDirectory, MainConfiguration)
        && Lines.All(line => line.File.StartsWith(DataDirectory + "/", StringComparison.Ordinal)
            && !Placement.Contains(line.Name));

    private string Flat()
    {
        var text = new StringBuilder();
        var file = "";
        foreach (var line in Lines.Where(line => !Placement.Contains(line.Name)))
        {
            if (line.File != file)
                text.Append("# From ").Append(file = line.File).Append(":\n");
            text.Append(line.Name).Append(" = '")
                .Append(line.Value.Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("'", "''", StringComparison.Ordinal))
                .Append("'\n");
        }
        return text.ToString();
    }
}

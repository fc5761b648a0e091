using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;

namespace PgMahout.Postgres.Probing;

/// <summary>A directory of the server account that goes with whoever made it.</summary>
public sealed class ScratchDirectory : IDisposable
{
    private ScratchDirectory(string path) => Path = path;

    public string Path { get; }

    /// <exception cref="IOException">There is no place for it.</exception>
    public static ScratchDirectory Create(ServerAccount account)
    {
        var made = Directory.CreateTempSubdirectory("pgmahout-");
        account.TakeOwnership(made.FullName);
        return new ScratchDirectory(made.FullName);
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes <c>postgresql.conf</c> of these settings, in the order of their names.</summary>
    public void WriteConfiguration(IEnumerable<KeyValuePair<string, string>> settings, ServerAccount account)
    {
        var lines = settings.Select(setting => $"{setting.Key} = '{setting.Value}'\n");
        AtomicFile.Write(File("postgresql.conf"), string.Concat(lines), account);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

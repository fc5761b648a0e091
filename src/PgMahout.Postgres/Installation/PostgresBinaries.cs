namespace PgMahout.Postgres.Installation;

/// <summary>The programs of one PostgreSQL installation.</summary>
/// <param name="Directory">Where <c>postgres</c>, <c>initdb</c>, <c>pg_rewind</c> and the others are.</param>
/// <param name="Major">Major version, such as 15.</param>
/// <param name="Version">As the server prints it, such as "15.18".</param>
public sealed record PostgresBinaries(string Directory, int Major, string Version)
{
    public const int OldestSupported = 14;
    public const int NewestSupported = 18;

    /// <summary>The full path of one of its programs.</summary>
    public string Tool(string name) => Path.Combine(Directory, name);

    /// <summary>
    /// Looks in <paramref name="directory"/> only, if it is given; otherwise for the newest supported version under
    /// /usr/lib/postgresql, then where <c>pg_config</c> on the PATH points, then on the PATH itself.
    /// </summary>
    public static Outcome<PostgresBinaries> Find(string? directory = null) => throw new NotImplementedException();
}

using PgMahout.Postgres.Installation;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>The servers of every version that is to be had here.</summary>
internal static class PostgresVersions
{
    public static TheoryData<int> All { get; } = new(14, 15, 16, 17, 18);

    /// <summary>Skips the test where that version is not here.</summary>
    public static PostgresBinaries Binaries(int major)
    {
        string[] places =
        [
            Path.Combine(Artifacts(), "postgres", $"{major}", "bin"), $"/usr/lib/postgresql/{major}/bin",
        ];
        var place = places.FirstOrDefault(directory => File.Exists(Path.Combine(directory, "postgres")));
        Assert.SkipWhen(
            place is null, $"there is no PostgreSQL {major} here: scripts/fetch-postgres-versions says why not");
        return new PostgresBinaries(place, major, $"{major}");
    }

    private static string Artifacts()
    {
        var at = AppContext.BaseDirectory;
        while (Path.GetFileName(at) != "artifacts" && Path.GetDirectoryName(at) is { } above)
            at = above;
        return at;
    }
}

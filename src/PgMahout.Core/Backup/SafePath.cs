namespace PgMahout.Core.Backup;

/// <summary>Paths that come out of a repository are written to: they must not lead out of the data directory.</summary>
public static class SafePath
{
    public static bool IsSafe(string path) =>
        path.Length > 0 && path.Split('/').All(part => part is not ("" or "." or "..") && !part.Contains('\0'));
}

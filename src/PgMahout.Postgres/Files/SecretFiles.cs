namespace PgMahout.Postgres.Files;

/// <summary>The directory <c>secrets/</c>: 0700, with one 0600 file per password and a libpq password file for people.</summary>
public static class SecretFiles
{
    /// <summary>
    /// Reads the passwords; generates the missing ones (24 random bytes, base64url), created exclusively so that of two
    /// processes one wins and the other reads. Idempotent.
    /// </summary>
    public static Outcome<ClusterSecrets> LoadOrCreate(string directory) => throw new NotImplementedException();

    /// <summary>Writes <c>pgpass</c> (0600, owned by the caller) with the superuser's password for each address; returns its path.</summary>
    public static string WritePassFile(
        string directory, ClusterSecrets secrets, IEnumerable<(string Host, int Port)> addresses) =>
        throw new NotImplementedException();
}

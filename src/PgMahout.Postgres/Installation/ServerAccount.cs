namespace PgMahout.Postgres.Installation;

/// <summary>
/// The operating-system user that PostgreSQL runs as. PostgreSQL refuses to run as root, so root lends it another
/// account; anybody else runs it as themselves.
/// </summary>
/// <param name="IsBorrowed">This process is root and the account is another's.</param>
public sealed record ServerAccount(string Name, uint Uid, uint Gid, bool IsBorrowed)
{
    /// <summary>The present user, or the account <paramref name="name"/> when the present user is root.</summary>
    public static Outcome<ServerAccount> Find(string name = "postgres") => throw new NotImplementedException();

    /// <summary>Gives a file or directory to the account; does nothing when it is not borrowed.</summary>
    public void TakeOwnership(string path) => throw new NotImplementedException();

    /// <summary>Creates a directory with this mode, if it is missing, and gives it to the account.</summary>
    public void CreateDirectory(string path, UnixFileMode mode) => throw new NotImplementedException();
}

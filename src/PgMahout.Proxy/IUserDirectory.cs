using PgMahout.Core.Proxy.Login;

namespace PgMahout.Proxy;

/// <summary>Asks the cluster for roles' secrets.</summary>
public interface IUserDirectory
{
    /// <summary>
    /// Calls <paramref name="answered"/> once, on any thread, within a few seconds; with null when nobody could be
    /// asked. May answer from memory unless <paramref name="fresh"/> is asked for.
    /// </summary>
    void Find(string user, bool fresh, Action<UserSecret?> answered);
}

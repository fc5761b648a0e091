using System.Collections.Immutable;
using PgMahout.Core.Deployment;
using PgMahout.Store;

namespace PgMahout.Agent.Home;

/// <summary>
/// Opens the store of the cluster that a home belongs to: a file in it, or etcd, where there are more hosts.
/// </summary>
public static class HomeStore
{
    public static StoreOpening Open(HomeLayout home)
    {
        try
        {
            return Stores.Open(EtcdOf(home) is { } etcd
                ? new StoreAddress.Etcd(etcd)
                : new StoreAddress.File(home.StoreFile));
        }
        catch (InvalidDataException unreadable)
        {
            return new StoreOpening.Failed(unreadable.Message);
        }
    }

    /// <summary>How to reach the etcd that the home belongs to; null: its store is a file.</summary>
    /// <exception cref="InvalidDataException">The home does not say.</exception>
    public static EtcdSettings? EtcdOf(HomeLayout home) =>
        HostFile.Read(home) is { } host ? SettingsOf(home, host.Store) : null;

    // What a host shows to the agents of others it shows to etcd as well, unless etcd is somebody else's.
    private static EtcdSettings SettingsOf(HomeLayout home, HostStore store) => new(store.Endpoints, store.Prefix)
    {
        CaFile = Given(home, EtcdAccess.AuthorityName, "ca.crt"),
        CertificateFile = Given(home, EtcdAccess.CertificateName, "host.crt"),
        KeyFile = Given(home, EtcdAccess.KeyName, "host.key"),
        User = store.User,
        PasswordFile = store.User is null ? null : Path.Combine(home.CertificateDirectory, EtcdAccess.PasswordName),
        CurrentEndpoints = () => EndpointsOf(home),
    };

    private static string Given(HomeLayout home, string name, string otherwise)
    {
        var path = Path.Combine(home.CertificateDirectory, name);
        return File.Exists(path) ? path : Path.Combine(home.CertificateDirectory, otherwise);
    }

    private static ImmutableArray<Uri> EndpointsOf(HomeLayout home)
    {
        try
        {
            return HostFile.Read(home)?.Store.Endpoints ?? [];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }
}

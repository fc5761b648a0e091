using PgMahout.Store.Etcd;
using PgMahout.Store.Sqlite;

namespace PgMahout.Store;

/// <summary>Opens a store by its address, for all who do not care what kind it is.</summary>
public static class Stores
{
    /// <summary>
    /// <see cref="StoreOpening.Ready"/> when there is something to talk to; whether it answers, the first read says.
    /// </summary>
    public static StoreOpening Open(StoreAddress address) => address switch
    {
        StoreAddress.File file => SqliteClusterStore.Open(file.Path),
        StoreAddress.Etcd etcd => Open(etcd.Settings),
        _ => throw new InvalidOperationException($"unknown address {address}"),
    };

    private static StoreOpening Open(EtcdSettings settings) => settings.Contradiction() is { } contradiction
        ? new StoreOpening.Failed($"The store's settings {contradiction}.")
        : new StoreOpening.Ready(new EtcdClusterStore(settings));
}

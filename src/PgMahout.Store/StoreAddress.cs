namespace PgMahout.Store;

/// <summary>Where a cluster's store is.</summary>
public abstract record StoreAddress
{
    private StoreAddress() { }

    /// <summary>On this machine: a SQLite file that all members share.</summary>
    public sealed record File(string Path) : StoreAddress;

    /// <summary>On several hosts: a part of an etcd cluster.</summary>
    public sealed record Etcd(EtcdSettings Settings) : StoreAddress;
}

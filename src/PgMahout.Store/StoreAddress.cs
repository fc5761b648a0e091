namespace PgMahout.Store;

/// <summary>Where a cluster's store is.</summary>
public abstract record StoreAddress
{
    private StoreAddress() { }

    /// <summary>On this machine: a SQLite file that all members share.</summary>
    public sealed record File(string Path) : StoreAddress;
}

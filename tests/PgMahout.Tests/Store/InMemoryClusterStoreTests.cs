using PgMahout.Store;

namespace PgMahout.Tests.Store;

public sealed class InMemoryClusterStoreTests : ClusterStoreContract
{
    private readonly InMemoryClusterStore _store = new();

    protected override IClusterStore NewClient() => _store;
}

namespace PgMahout.Store.Records;

/// <summary>What came of decoding the store's records.</summary>
public abstract record RecordsRead
{
    private RecordsRead() { }

    public sealed record Decoded(ClusterRecords Records) : RecordsRead;

    /// <summary>A record is not as it must be; <paramref name="Reason"/> names the key and the field.</summary>
    public sealed record Unreadable(string Reason) : RecordsRead;
}

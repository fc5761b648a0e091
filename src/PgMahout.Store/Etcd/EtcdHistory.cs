namespace PgMahout.Store.Etcd;

/// <summary>
/// What the answers so far have shown of etcd. All of them are linearizable, so one that shows less than was known when
/// it was asked for comes from another etcd, or from one that was put back to an older copy.
/// </summary>
internal sealed class EtcdHistory
{
    private long _newest;
    private ulong _cluster;

    /// <summary>The newest revision that any answer has shown.</summary>
    public long Newest => Volatile.Read(ref _newest);

    /// <param name="before"><see cref="Newest"/> before the question was sent.</param>
    /// <returns>Null when it fits; otherwise for people, as the end of a sentence about etcd.</returns>
    public string? Objection(EtcdHeader header, long before)
    {
        var cluster = Interlocked.CompareExchange(ref _cluster, header.ClusterId, 0);
        if (cluster != 0 && cluster != header.ClusterId)
            return $"has the identity {header.ClusterId:x}, and {cluster:x} when this process began: "
                + "it is another etcd cluster, or was made anew";
        if (header.Revision < before)
            return $"went back from revision {before} to {header.Revision}: it was put back to an older copy";
        for (var newest = Newest; header.Revision > newest; newest = Newest)
            Interlocked.CompareExchange(ref _newest, header.Revision, newest);
        return null;
    }
}

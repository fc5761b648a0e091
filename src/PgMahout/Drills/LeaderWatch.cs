using PgMahout.Core.Vocabulary;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Drills;

/// <summary>Notes when the leadership record first names a later reign than the one a run began with.</summary>
internal sealed class LeaderWatch : IDisposable
{
    private readonly ClusterAccess _cluster;
    private readonly Epoch _before;
    private readonly Func<double> _clock;
    private readonly IDisposable _watch;

    public LeaderWatch(ClusterAccess cluster, Epoch before, Func<double> clock)
    {
        _cluster = cluster;
        _before = before;
        _clock = clock;
        _watch = cluster.Store.Watch(() => _ = LookAsync());
    }

    public double? NewLeaderMs { get; private set; }

    public void Dispose() => _watch.Dispose();

    private async Task LookAsync()
    {
        var at = _clock();
        var read = await _cluster.Store.ReadAsync(ClusterAccess.StoreLimit, CancellationToken.None);
        if (NewLeaderMs is null
            && read is StoreRead.Content content
            && ClusterRecords.Decode(content, ClusterRecords.None) is RecordsRead.Decoded { Records: var records }
            && records.Leadership?.Value.Epoch > _before)
            NewLeaderMs = at;
    }
}

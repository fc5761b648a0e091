using PgMahout.Core.Vocabulary;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Drills;

/// <summary>Notes when the leadership record first names a later reign than the one a run began with.</summary>
internal static class LeaderWatch
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(4);

    /// <summary>Null when the run ended before that.</summary>
    public static async Task<double?> NewLeaderMsAsync(
        IClusterStore store, Epoch before, Func<double> clock, CancellationToken ended)
    {
        var known = ClusterRecords.None;
        try
        {
            while (true)
            {
                var at = clock();
                if (await store.ReadAsync(ClusterAccess.StoreLimit, ended) is StoreRead.Content content
                    && ClusterRecords.Decode(content, known) is RecordsRead.Decoded { Records: var records })
                    known = records;
                if (known.Leadership?.Value.Epoch > before)
                    return at;
                await Task.Delay(Pace, ended);
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}

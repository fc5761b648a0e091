using PgMahout.LiveTests.Harness;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedCluster))]

namespace PgMahout.LiveTests.Harness;

/// <summary>
/// Three members with the defaults of the program, for all tests that leave a healthy cluster behind. One that a failed
/// test left broken is replaced, so that one failure does not become twenty.
/// </summary>
public sealed class SharedCluster : IAsyncDisposable
{
    private LiveCluster? _cluster;

    internal async Task<(LiveCluster Cluster, Status Status)> ReadyAsync()
    {
        if (_cluster is not null && (await _cluster.UpAgainAsync()).Code != 0)
        {
            await _cluster.DisposeAsync();
            _cluster = null;
        }
        _cluster ??= await LiveCluster.UpAsync();
        return (_cluster, await _cluster.HealthyAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}

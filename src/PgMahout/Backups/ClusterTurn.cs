using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Processes;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Backups;

/// <summary>
/// One backup, expiry or proof at a time in a cluster on several hosts: a record in the store, which its holder writes
/// anew. A holder that cannot, or finds another in its place, ends with its process; what it has written so far is of
/// use to the next one or none.
/// </summary>
internal sealed class ClusterTurn : IAsyncDisposable
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    /// <summary>Without a renewal, counted from before it was sent.</summary>
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromSeconds(40);

    /// <summary>Longer than its holder goes on without a renewal.</summary>
    public static readonly TimeSpan TakeableAfter = TimeSpan.FromSeconds(60);

    private readonly IClusterStore _store;
    private readonly TurnRecord _own;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _renewing;
    private Revision _revision;

    private ClusterTurn(IClusterStore store, TurnRecord own, Revision revision)
    {
        (_store, _own, _revision) = (store, own, revision);
        _renewing = Task.Run(RenewAsync);
    }

    /// <param name="held">Who has it now; null: nobody.</param>
    /// <returns>Null: somebody else was faster, or the store did not say.</returns>
    public static async Task<ClusterTurn?> TryTakeAsync(
        IClusterStore store, TurnRecord own, Stored<TurnRecord>? held, CancellationToken cancellation)
    {
        var expected = held?.Revision ?? Revision.None;
        return await store.WriteAsync(
            ClusterRecords.ChangeTurn(expected, own), ClusterAccess.StoreLimit, cancellation) is WriteOutcome.Done done
                ? new ClusterTurn(store, own, done.Revision)
                : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _renewing;
        // One that is left behind is taken by the next process of this host at once, and by another's after a while.
        await _store.WriteAsync(
            ClusterRecords.ChangeTurn(_revision, null), ClusterAccess.StoreLimit, CancellationToken.None);
        _ending.Dispose();
    }

    private async Task RenewAsync()
    {
        var heldFrom = BootClock.Now();
        while (!_ending.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(RenewEvery, _ending.Token));
            if (_ending.IsCancellationRequested)
                return;
            var sent = BootClock.Now();
            switch (await _store.WriteAsync(
                ClusterRecords.ChangeTurn(_revision, _own), ClusterAccess.StoreLimit, CancellationToken.None))
            {
                case WriteOutcome.Done done:
                    (_revision, heldFrom) = (done.Revision, sent);
                    break;
                case WriteOutcome.Refused when !await IsStillOursAsync():
                    End("another host does it now");
                    return;
                case WriteOutcome.Refused or WriteOutcome.Unknown when BootClock.Now() - heldFrom > GivenUpAfter:
                    End("the store does not say that this host may go on");
                    return;
            }
        }
    }

    /// <summary>A renewal without an answer may have been made all the same.</summary>
    private async Task<bool> IsStillOursAsync()
    {
        if (await _store.ReadAsync(ClusterAccess.StoreLimit, CancellationToken.None) is not StoreRead.Content content
            || ClusterRecords.Decode(content, ClusterRecords.None) is not RecordsRead.Decoded { Records: var records })
            return true;
        if (records.Turn is not { } turn || turn.Value != _own)
            return false;
        _revision = turn.Revision;
        return true;
    }

    private static void End(string why)
    {
        Console.Error.WriteLine($"this work on the cluster's backups ends here: {why}");
        Signals.Send(Environment.ProcessId, Signals.Terminate);
    }
}

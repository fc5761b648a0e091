using PgMahout.Agent.Api;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// What clients may be told of this member: whether it holds the lease, and whether its server serves. Whoever waits
/// for news hears it when it happens, not in a later turn of the loop.
/// </summary>
internal sealed class ServiceBoard(AgentMemory memory)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = New();
    // A new agent's first version is greater than the last of the one before it, on this host.
    private long _version = BootClock.Now().Nanoseconds;
    private Epoch? _holds;
    private bool? _serving;
    private Epoch? _promoted;
    private bool _stopping;

    /// <summary>The server as a turn of the loop found it.</summary>
    public void Looked(PostgresState postgres)
    {
        lock (_gate)
        {
            var holds = Holding();
            Change(holds, postgres switch
            {
                PostgresState.Primary => !_stopping,
                // Found before the promotion that has been told already.
                PostgresState.Standby => holds is not null && _promoted == holds,
                // Slow, or hung: that is judged by the policy, and clients wait with it.
                PostgresState.Unresponsive { WasPrimary: true } => _serving,
                _ => false,
            });
        }
    }

    /// <summary>The server has just left recovery under the lease of <paramref name="epoch"/>.</summary>
    public void Promoted(Epoch epoch)
    {
        lock (_gate)
        {
            _promoted = epoch;
            Change(Holding(), true);
        }
    }

    /// <summary>Nobody is to be sent here from now on.</summary>
    public void StopBegins()
    {
        lock (_gate)
        {
            _stopping = true;
            Change(Holding(), false);
        }
    }

    /// <summary>Whatever came of it: the next look says what there is.</summary>
    public void StopEnded()
    {
        lock (_gate)
        {
            _stopping = false;
            _promoted = null;
        }
    }

    /// <summary>The lease has changed.</summary>
    public void Refresh()
    {
        lock (_gate)
            Change(Holding(), _serving);
    }

    public ServiceReport Report(MemberName self)
    {
        lock (_gate)
        {
            Change(Holding(), _serving);
            return new ServiceReport(_version, self, _holds, Left().TotalSeconds, _serving);
        }
    }

    /// <summary>Returns when there is something else than <paramref name="known"/>, or after the limit.</summary>
    public async Task AwaitAfterAsync(long known, TimeSpan limit, CancellationToken cancellation)
    {
        Task changed;
        lock (_gate)
        {
            if (_version != known)
                return;
            changed = _changed.Task;
        }
        await Task.WhenAny(changed, Task.Delay(limit, cancellation));
    }

    private void Change(Epoch? holds, bool? serving)
    {
        if (holds == _holds && serving == _serving)
            return;
        (_holds, _serving) = (holds, serving);
        _version++;
        _changed.TrySetResult();
        _changed = New();
    }

    private Epoch? Holding() =>
        memory.Records.Leadership?.Value is { IsHeld: true } leadership && Left() > TimeSpan.Zero
            ? leadership.Epoch
            : null;

    /// <summary>Of a lease that this member holds; nothing for everybody else.</summary>
    private TimeSpan Left()
    {
        if (memory.Records.Spec?.Value.Timing is not { } timing || memory.Lease.FenceAt(timing) is not { } fenceAt)
            return TimeSpan.Zero;
        var left = fenceAt - BootClock.Now();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

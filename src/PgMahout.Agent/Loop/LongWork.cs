using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>The one long operation that may run on a member, beside the loop. Its end wakes the loop.</summary>
internal sealed class LongWork(Action ended)
{
    private static readonly TimeSpan Forget = TimeSpan.FromMinutes(10);
    private const int Remembered = 20;

    private readonly Lock _gate = new();
    private Operation? _running;
    private ImmutableArray<FailedOperation> _failures = [];

    public Operation? Running
    {
        get { lock (_gate) return _running; }
    }

    public ImmutableArray<FailedOperation> Failures
    {
        get { lock (_gate) return _failures; }
    }

    /// <summary>The task of the latest operation, for an orderly end of the agent.</summary>
    public Task Latest { get; private set; } = Task.CompletedTask;

    /// <summary>Does nothing, and returns false, while another operation runs.</summary>
    public bool TryStart(OperationKind kind, MemberName? source, Func<IProgress<string>, Task<Outcome>> work)
    {
        lock (_gate)
        {
            if (_running is not null)
                return false;
            _running = new Operation(kind, BootClock.Now(), source);
        }
        Latest = RunAsync(kind, work);
        return true;
    }

    /// <summary>The member is well again: what failed before says nothing about the next trouble.</summary>
    public void ForgetFailures()
    {
        lock (_gate)
            _failures = [];
    }

    private async Task RunAsync(OperationKind kind, Func<IProgress<string>, Task<Outcome>> work)
    {
        await Task.Yield();
        Outcome outcome;
        try
        {
            outcome = await work(new Progress(this));
        }
        catch (Exception unexpected) when (unexpected is not OutOfMemoryException)
        {
            outcome = new Outcome.Failed(new Problem("operation-broke", $"{kind} broke off", unexpected.Message,
                "the member's state is unknown until it is observed again", "see the agent's log"));
            Console.Error.WriteLine(unexpected);
        }
        lock (_gate)
        {
            _running = null;
            if (outcome.Failure is { } problem)
                Remember(new FailedOperation(kind, BootClock.Now(), problem.ToString()));
            else if (kind is OperationKind.Clone or OperationKind.Rewind)
                // A new copy has none of the troubles of the old one; remembered, they would have it cloned for ever.
                _failures = [];
        }
        ended();
    }

    private void Remember(FailedOperation failure)
    {
        var recent = _failures.Where(earlier => failure.At - earlier.At < Forget).TakeLast(Remembered - 1);
        _failures = [.. recent, failure];
    }

    private sealed class Progress(LongWork work) : IProgress<string>
    {
        public void Report(string value)
        {
            lock (work._gate)
                if (work._running is { } running)
                    work._running = running with { Progress = value };
        }
    }
}

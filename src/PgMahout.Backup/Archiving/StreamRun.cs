using PgMahout.Core.Backup;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Replication;

namespace PgMahout.Backup.Archiving;

/// <summary>
/// One timeline as it comes: a thread that receives, the pipeline that stores, and a watch that keeps the connection
/// alive, reports, and lets the primary go when the repository takes nothing.
/// </summary>
internal sealed class StreamRun(ArchiveContext context, WalStream stream)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StatusInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly LagMeter _lag = new();
    private readonly RateMeter _rate = new();
    private SegmentPipeline? _pipeline;
    private ulong _serverEnd;
    private long _heard = context.Time.GetTimestamp();
    private long _told = context.Time.GetTimestamp();

    /// <summary>
    /// Ends with everything that was received in the repository, however long that takes: a primary that died may have
    /// been the only one that had it.
    /// </summary>
    /// <param name="letGo">Ends the connection.</param>
    /// <param name="cancellation">Ends everything, also what is not stored yet.</param>
    /// <returns>Null as the problem at the end of the timeline; and what is confirmed.</returns>
    public async Task<(Problem? Problem, Lsn Confirmed)> RunAsync(
        ResumeAnswer.Stream at, SegmentBuffers buffers, CancellationToken letGo, CancellationToken cancellation)
    {
        using var pipeline = new SegmentPipeline(context, buffers, at, _ => Tell(false), cancellation);
        Volatile.Write(ref _pipeline, pipeline);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(pipeline.Broken, letGo);
        // A thread that blocks in receiving hears of nothing else.
        using var closing = ended.Token.Register(stream.Abort);
        context.Board.Change(status => status with
        {
            State = ArchiveState.Streaming,
            Timeline = at.From.Timeline,
            Received = at.Durable,
            Confirmed = at.Durable,
            Problem = null,
            Since = null,
        });
        Tell(false);
        var receiving = Task.Factory.StartNew(
            () => Receive(pipeline, ended.Token), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var stuck = await WatchAsync(pipeline, receiving);
        if (stuck is not null)
        {
            context.Board.Failed(ArchiveState.RepositoryFailing, stuck);
            await ended.CancelAsync();
        }
        var problem = await receiving;
        await pipeline.FinishAsync();
        context.Board.Change(status => status with { Received = pipeline.Received, Confirmed = pipeline.Confirmed });
        return (stuck ?? problem, pipeline.Confirmed);
    }

    /// <summary>On a thread of its own. Null at the end of the timeline.</summary>
    private Problem? Receive(SegmentPipeline pipeline, CancellationToken ended)
    {
        try
        {
            while (true)
            {
                var step = stream.Next(out var message);
                if (step != StreamStep.Message)
                    return step == StreamStep.Ended ? null : stream.Failure;
                Volatile.Write(ref _heard, context.Time.GetTimestamp());
                Volatile.Write(ref _serverEnd, message.ServerEnd.Value);
                if (message.IsData)
                    pipeline.Append(message.Start, message.Data, ended);
                if (!message.ReplyAsked)
                    continue;
                // A server that shuts down asks until all is confirmed.
                pipeline.Hurry();
                Tell(false);
            }
        }
        catch (OperationCanceledException)
        {
            return ArchiveProblems.LetGo;
        }
        catch (ProtocolException e)
        {
            stream.Abort();
            return ArchiveProblems.Nonsense(e.Message);
        }
    }

    /// <returns>Why the stream has to be given up; null when it ended by itself.</returns>
    private async Task<Problem?> WatchAsync(SegmentPipeline pipeline, Task<Problem?> receiving)
    {
        while (!receiving.IsCompleted)
        {
            await Task.WhenAny(receiving, Task.Delay(Tick, context.Time, CancellationToken.None));
            var trouble = context.Store.Trouble;
            if (trouble > context.Settings.Patience)
                return ArchiveProblems.Stuck(trouble, context.Store.Cause);
            var isSilent = context.Time.GetElapsedTime(Volatile.Read(ref _heard)) > context.Settings.Silence / 2;
            if (context.Time.GetElapsedTime(Volatile.Read(ref _told)) > (isSilent ? AskInterval : StatusInterval))
                Tell(isSilent);
            Report(pipeline);
        }
        return null;
    }

    /// <summary>From any thread.</summary>
    private void Tell(bool wantReply)
    {
        if (Volatile.Read(ref _pipeline) is not { } pipeline)
            return;
        Volatile.Write(ref _told, context.Time.GetTimestamp());
        var confirmed = pipeline.Confirmed;
        var received = Lsn.Max(pipeline.Received, confirmed);
        stream.TrySend(new StandbyStatus(
            received, confirmed, PostgresTime.From(context.Time.GetUtcNow()), wantReply));
    }

    private void Report(SegmentPipeline pipeline)
    {
        var now = BootClock.Now();
        var confirmed = pipeline.Confirmed;
        var serverEnd = new Lsn(Volatile.Read(ref _serverEnd));
        _lag.Look(now, serverEnd);
        context.Board.Change(status => status with
        {
            State = context.Store.Trouble > context.Settings.Patience
                ? ArchiveState.RepositoryFailing
                : ArchiveState.Streaming,
            Received = pipeline.Received,
            Confirmed = confirmed,
            Behind = Lsn.Distance(confirmed, serverEnd),
            Lag = _lag.Lag(now, confirmed),
            PerSecond = _rate.Of(now, confirmed),
        });
    }
}

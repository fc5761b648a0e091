using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Verbs;

internal static class PauseVerbs
{
    public static Command Pause(CommonOptions common)
    {
        var duration = new Option<TimeSpan?>("--for")
        {
            Description = "After this long it ends by itself.",
            HelpName = "10m",
            Required = true,
            CustomParser = Durations.Parse,
        };
        var reason = new Option<string>("--reason")
        {
            Description = "Shown while it lasts.",
            HelpName = "TEXT",
            Required = true,
        };
        var command = new Command("pause", "Start, stop, promote and rebuild nothing for a while.")
        {
            duration, reason,
        };
        common.Bind(command, (parse, invocation) =>
            PauseAsync(invocation, parse.GetValue(duration)!.Value, parse.GetRequiredValue(reason)));
        return command;
    }

    public static Command Resume(CommonOptions common)
    {
        var command = new Command("resume", "End a pause now.");
        common.Bind(command, (_, invocation) => ResumeAsync(invocation));
        return command;
    }

    private static async Task<Ending> PauseAsync(Invocation invocation, TimeSpan duration, string reason)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        var until = TimeProvider.System.GetUtcNow() + duration;
        var pause = new PauseRecord(until, Environment.UserName, reason);
        failure = await cluster.ChangeAsync(
            ClusterRecords.BeginPause(cluster.Records.Pause?.Revision ?? Revision.None, pause),
            "the pause",
            invocation.Cancellation);
        if (failure is not null)
            return failure;
        var text = $"paused until {until:yyyy-MM-dd HH:mm:ss} UTC: {reason}";
        await cluster.TellAsync(JournalKind.Paused, null, $"{text} ({Environment.UserName})", invocation.Cancellation);
        Done.Say(invocation.Screen, new Done("pause", cluster.Spec.Name, text, cluster.Leader));
        return Ending.Ok;
    }

    private static async Task<Ending> ResumeAsync(Invocation invocation)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (cluster.Records.Pause is not { } pause)
            return new Failure(ErrorCatalogue.NotPaused, "the cluster is not paused").Try("pgmahout status");
        failure = await cluster.ChangeAsync(
            ClusterRecords.Resume(pause.Revision), "ending the pause", invocation.Cancellation);
        if (failure is not null)
            return failure;
        await cluster.TellAsync(
            JournalKind.Resumed, null, $"resumed by {Environment.UserName}", invocation.Cancellation);
        Done.Say(invocation.Screen, new Done("resume", cluster.Spec.Name, "the pause is over", cluster.Leader));
        return Ending.Ok;
    }
}

using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Verbs;

internal static class StatusVerb
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    public static Command Build(CommonOptions common)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Show it again every second, until Ctrl-C." };
        var command = new Command("status", "Say how the cluster is: the verdict, the members, what to do.") { watch };
        common.Bind(command, (parse, invocation) => RunAsync(invocation, parse.GetValue(watch)));
        return command;
    }

    private static async Task<Ending> RunAsync(Invocation invocation, bool watch)
    {
        if (!Directory.Exists(invocation.Home.Root))
            return new Failure(ErrorCatalogue.NoCluster, $"there is no cluster in {invocation.Home.Root}")
                .Try("pgmahout up");
        await using var observer = new StatusObserver(
            invocation.Home, HostHome.Is(invocation.Home) ? StatusObserver.AcrossHosts : StatusObserver.Short);
        var status = await observer.ObserveAsync(invocation.Cancellation);
        if (!watch)
        {
            invocation.Screen.Data(Rendered(invocation, status));
            return status.ExitCode;
        }
        return await WatchAsync(invocation, observer, status);
    }

    private static async Task<Ending> WatchAsync(Invocation invocation, StatusObserver observer, ClusterStatus status)
    {
        try
        {
            while (true)
            {
                if (invocation.Screen.IsTerminal)
                    invocation.Screen.Out.Write("\e[H\e[2J");
                invocation.Screen.Data(Rendered(invocation, status));
                await Task.Delay(Refresh, invocation.Cancellation);
                status = await observer.ObserveAsync(invocation.Cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            return status.ExitCode;
        }
    }

    private static string Rendered(Invocation invocation, ClusterStatus status) => invocation.Screen.Format switch
    {
        OutputFormat.Human => StatusText.Human(status, invocation.Screen.Paint, invocation.Verbose).TrimEnd('\n'),
        OutputFormat.Plain => StatusText.Plain(status),
        OutputFormat.Json => DocumentJson.Text(status, TimeProvider.System.GetUtcNow()),
    };
}

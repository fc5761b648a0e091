using System.Text.Json;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>How a deployed cluster is, by what one of its hosts says.</summary>
/// <param name="State">healthy, degraded, down or unknown.</param>
/// <param name="Notices">What it says of what needs an eye.</param>
/// <param name="HasAddress">The virtual address is with the leader.</param>
internal sealed record DeployedStatus(string State, string? Leader, string Notices, bool HasAddress)
{
    public bool IsHealthy => State == "healthy";

    public string Sentence => $"{State}, {(Leader is null ? "no leader" : $"leader {Leader}")}";

    /// <summary>Of <c>status -o json</c>; null for anything else.</summary>
    public static DeployedStatus? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var notices = root.GetProperty("notices").EnumerateArray()
                .Select(notice => $"{notice.GetProperty("code").GetString()} {notice.GetProperty("text").GetString()}");
            return new DeployedStatus(
                root.GetProperty("state").GetString()!,
                root.GetProperty("leader").GetString(),
                string.Join('\n', notices),
                root.TryGetProperty("virtualIp", out var address) && address.ValueKind == JsonValueKind.Object
                    && address.GetProperty("withLeader").GetBoolean());
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>Asks one host how the cluster is.</summary>
internal sealed class DeployWatch(SshCall host, Screen screen)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DrillLimit = TimeSpan.FromMinutes(10);

    /// <summary>There is a virtual address, by which clients are to reach the leader.</summary>
    public bool WantsAddress { get; init; }

    public async Task<Attempt<DeployedStatus>> UntilHealthyAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var said = "";
        while (true)
        {
            var answer = await host.RunAsync(HostCommands.Status, AskLimit, cancellation);
            var status = DeployedStatus.Parse(answer.Output);
            var isWhole = status is { IsHealthy: true } && (status.HasAddress || !WantsAddress);
            if (isWhole)
                return status!;
            var now = status is null ? "it does not say yet"
                : status.IsHealthy ? $"{status.Sentence}, which has not the virtual address yet" : status.Sentence;
            if (now != said)
                screen.Note($"  waiting: {now}");
            said = now;
            if (TimeProvider.System.GetElapsedTime(begun) >= limit)
                return NotInTime(status, answer, limit);
            await Task.Delay(Pace, cancellation);
        }
    }

    /// <summary>Moves the leadership for real, under load, and shows what clients saw.</summary>
    public async Task<Failure?> DrillAsync(CancellationToken cancellation)
    {
        screen.Note("a switchover under load, as a drill");
        var answer = await host.RunAsync(HostCommands.Drill, DrillLimit, cancellation);
        screen.Note(answer.Output.TrimEnd());
        return answer.IsDone
            ? null
            : new Failure(ErrorCatalogue.DeployStepFailed, "the cluster is deployed, and the drill failed")
                .Because(answer.Complaint)
                .Leaving("the cluster runs; what the drill saw is shown")
                .Try("pgmahout drill switchover    (on one of the hosts)");
    }

    private static Failure NotInTime(DeployedStatus? status, SshAnswer answer, TimeSpan limit) =>
        new Failure(
            ErrorCatalogue.NotHealthyInTime,
            $"the cluster is {status?.State ?? "unknown"}, not healthy, after {Durations.Text(limit)}")
            .Because(status?.Notices is { Length: > 0 } notices ? notices : answer.Complaint)
            .Leaving("everything is started, and goes on trying")
            .Try("ssh HOST pgmahout status -w", "ssh HOST journalctl -u 'pgmahout-*' -n 50");
}

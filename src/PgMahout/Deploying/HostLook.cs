using System.Collections.Immutable;
using PgMahout.Core.Deployment;

namespace PgMahout.Deploying;

/// <summary>Looks at all hosts at once. Changes nothing.</summary>
internal static class HostLook
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(60);

    public static async Task<ImmutableSortedDictionary<string, HostFinding>> AtAsync(
        Blueprint blueprint, DeployHosts hosts, CancellationToken cancellation)
    {
        var found = await Task.WhenAll(hosts.Calls.Select(async host => KeyValuePair.Create(
            host.Key, await AtAsync(blueprint.Find(host.Key)!, host.Value, cancellation))));
        return found.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    private static async Task<HostFinding> AtAsync(
        HostBlueprint host, SshCall ssh, CancellationToken cancellation)
    {
        // The connection is made before the clock is read: that takes a while of its own.
        var reached = await ssh.LookAsync("exit 0", ConnectLimit, cancellation);
        if (!reached.IsDone)
            return new HostFinding.Unreachable(reached.Complaint);
        var sent = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        var answer = await ssh.LookAsync(SurveyScript.Text, LookLimit, cancellation);
        if (SurveyText.Parse(answer.Output, sent) is not { } survey)
            return new HostFinding.Unreachable($"it could not be looked at: {answer.Complaint}");
        if (host.Adopt is not { } adopt || !survey.IsRoot)
            return new HostFinding.Found(survey);
        var server = await ssh.LookAsync(AdoptionScript.Of(host.Name, adopt.Data), LookLimit, cancellation);
        return AdoptionSurvey.Parse(server.Output) is { } adoption
            ? new HostFinding.Found(survey with { Adoption = adoption })
            : new HostFinding.Unreachable($"its server could not be looked at: {server.Complaint}");
    }
}

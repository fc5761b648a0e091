using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Tuning;
using PgMahout.Errors;

namespace PgMahout.Advising;

/// <summary>
/// Puts advice into the cluster's configuration, which is checked, tried and taken back like any other.
/// </summary>
internal sealed class AdviceApplication(Invocation invocation)
{
    private const string Reason = "pgmahout tune --apply";

    public async Task<Ending> RunAsync(Advice advice, bool dryRun)
    {
        if (advice.Cluster is null)
            return new Failure(ErrorCatalogue.NoCluster, $"there is no cluster in {invocation.Home.Root}")
                .Try("pgmahout up", "pgmahout tune -o conf    (for a server of your own)");
        var changes = advice.Lines
            .Where(line => line.Changes && line.Effect is not null && !ServerSettings.Owned.Contains(line.Setting.Name))
            .Select(line => (line.Setting.Name, line.Setting.Value));
        return await ApplyAsync(changes, dryRun);
    }

    /// <summary>For every member, over what the configuration already says.</summary>
    private async Task<Ending> ApplyAsync(IEnumerable<(string Name, string Value)> settings, bool dryRun)
    {
        var opened = await ConfigurationAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var access, out var failure))
            return failure;
        await using var closing = access;
        var desired = settings.Aggregate(
            access.State.Current.Desired, (next, setting) => next.With(setting.Name, setting.Value, member: null));
        return await new ApplyCommand(invocation, access, new ApplyOptions(Reason, dryRun, null)).RunAsync(desired);
    }
}

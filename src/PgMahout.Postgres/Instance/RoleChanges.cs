using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Wal;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// Whom the server follows and what its commits wait for, changed by rewriting one file and a reload.
/// </summary>
internal sealed class RoleChanges(InstanceContext context)
{
    private const string Upstream = "primary_conninfo";
    private const string Synchronous = "synchronous_standby_names";

    // Others want the connection too, and some of them have a lease to keep.
    private static readonly TimeSpan QueryLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private InstanceSettings Settings => context.Settings;

    /// <summary>Files of a stopped server.</summary>
    /// <param name="minimums">What a standby needs no less of than its primary; empty for a primary.</param>
    public Outcome Prepare(
        bool standby, ImmutableSortedDictionary<string, int> minimums, Func<AssignedRole, AssignedRole> change)
    {
        if (context.Processes.FindPostmaster() is not null)
            return new Outcome.Failed(Problems.Running("preparing a start"));
        try
        {
            context.Change(settings => settings with { StandbyMinimums = minimums });
            OpenGate();
            context.Files.Write(change(context.Files.ReadAssignedRole()));
            context.Files.DropReservedSystemSettings();
            context.Files.StartAsStandby(standby);
            TimelineNumbers.Forget(Settings.DataDirectory);
            if (context.Processes.List().Count == 0)
                context.Files.RemoveLockFiles();
            return Outcome.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome.Failed(Problems.Files("preparing a start", e.Message));
        }
    }

    public async Task<Outcome> FollowAsync(MemberName upstream, TimeSpan limit, CancellationToken cancellation)
    {
        var text = upstream == Region.Upstream && Settings.Region is { } region
            ? PrimaryConnInfo.Render(Settings, region.Twin)
            : context.Other(upstream) is { } target ? PrimaryConnInfo.Render(Settings, target)
            : null;
        if (text is null)
            return new Outcome.Failed(Problems.UnknownMember(upstream));
        OpenGate();
        context.Files.WriteRole(context.Files.ReadAssignedRole() with { Upstream = upstream });
        return await ReloadAsync(Upstream, text, limit, cancellation);
    }

    /// <summary>
    /// The password file is the gate: without it, no WAL receiver that starts from now on can log in, also one that a
    /// busy startup process starts with the old setting. So nothing depends on when that process reads the new one.
    /// </summary>
    public async Task<Outcome> SealAsync(TimeSpan limit, CancellationToken cancellation)
    {
        context.Files.WriteRole(context.Files.ReadAssignedRole() with { Upstream = null });
        CloseGate();
        if (context.Processes.FindPostmaster() is not { } postmaster)
            return new Outcome.Failed(Problems.NotRunning("sealing"));
        context.Processes.Send(postmaster, Signal.Hangup);
        var gone = await InstanceContext.UntilAsync(
            () => Task.FromResult(WalReceivers.Terminate(postmaster) == 0), limit, cancellation);
        return gone ? Outcome.Success : new Outcome.Failed(Problems.OutOfTime("stopping the WAL receiver", limit));
    }

    public async Task<Outcome> SetSynchronousAsync(SynchronousSet set, TimeSpan limit, CancellationToken cancellation)
    {
        context.Files.WriteRole(context.Files.ReadAssignedRole() with { Synchronous = set });
        context.Observer.Barrier.Reset();
        var outcome = await ReloadAsync(Synchronous, SynchronousNames.Render(set), limit, cancellation);
        // A standby may be promoted by the very next action: by then every process must know what to wait for.
        if (outcome.Failure is null && DataDirectory.IsStandby(Settings.DataDirectory))
            await Task.Delay(SettledBarrier.Spreading, cancellation);
        return outcome;
    }

    /// <summary>All files anew; whatever needs a restart waits for one.</summary>
    /// <returns>What to await; null when no server has to load anything.</returns>
    public async Task<Reload?> ReconfigureAsync(TimeSpan limit, CancellationToken cancellation)
    {
        // Where there is no server yet, initdb or a clone will write the files.
        if (!File.Exists(Path.Combine(context.Settings.DataDirectory, "PG_VERSION")))
            return null;
        var before = context.Processes.FindPostmaster() is null ? null : await LoadedAtAsync(limit, cancellation);
        if (!context.Files.Write(context.Files.ReadAssignedRole())
            || context.Processes.FindPostmaster() is not { } postmaster)
            return null;
        context.Processes.Send(postmaster, Signal.Hangup);
        return new Reload(before);
    }

    /// <summary>Ends when the server has loaded its files, and says what it holds against them.</summary>
    public async Task<Outcome> AwaitAsync(Reload reload, TimeSpan limit, CancellationToken cancellation)
    {
        var loaded = await InstanceContext.UntilAsync(
            async () => await LoadedAtAsync(QueryLimit, cancellation) is { } at && at != reload.LoadedBefore,
            limit, cancellation);
        if (!loaded)
            return new Outcome.Failed(Problems.OutOfTime("a reload", limit));
        // A file with an error in it is read and not taken: the server runs on as it was.
        return await ComplaintAsync(limit, cancellation) is { } complaint
            ? new Outcome.Failed(Problems.NotTaken(complaint))
            : Outcome.Success;
    }

    /// <summary>When the server last read its files, as it writes it; null when it does not answer.</summary>
    private async Task<string?> LoadedAtAsync(TimeSpan limit, CancellationToken cancellation) =>
        await context.Commands.RunAsync(
            "reading when the configuration was loaded",
            (connection, bound) => connection.ScalarAsync<string>("SELECT pg_conf_load_time()::text", bound),
            limit, cancellation)
            is Outcome<string?>.Done { Value: { } at } ? at : null;

    private async Task<Outcome> ReloadAsync(
        string setting, string expected, TimeSpan limit, CancellationToken cancellation)
    {
        if (context.Processes.FindPostmaster() is not { } postmaster)
            return new Outcome.Failed(Problems.NotRunning("a reload"));
        context.Processes.Send(postmaster, Signal.Hangup);
        if (await TakenAsync(setting, expected, limit < Patience ? limit : Patience, cancellation))
            return Outcome.Success;
        await ReleaseAsync(setting, limit, cancellation);
        context.Processes.Send(postmaster, Signal.Hangup);
        if (await TakenAsync(setting, expected, limit, cancellation))
            return Outcome.Success;
        var complaint = await ComplaintAsync(limit, cancellation);
        return new Outcome.Failed(Problems.OutOfTime(
            $"setting {setting}", limit, complaint ?? "the server reports no error in its configuration files"));
    }

    private Task<bool> TakenAsync(string setting, string expected, TimeSpan limit, CancellationToken cancellation) =>
        InstanceContext.UntilAsync(
            async () =>
            {
                var shown = await context.Commands.RunAsync(
                    $"reading {setting}",
                    (connection, bound) =>
                        connection.ScalarAsync<string>($"SELECT current_setting('{setting}')", bound),
                    limit, cancellation);
                return shown is Outcome<string?>.Done { Value: { } value } && value == expected;
            },
            limit, cancellation);

    /// <summary>ALTER SYSTEM wins over our file. Resetting what is not set there changes nothing.</summary>
    private Task ReleaseAsync(string setting, TimeSpan limit, CancellationToken cancellation) =>
        context.Commands.RunAsync(
            $"resetting {setting}",
            (connection, bound) => connection.ExecuteAsync($"ALTER SYSTEM RESET {setting}", bound),
            limit, cancellation);

    private async Task<string?> ComplaintAsync(TimeSpan limit, CancellationToken cancellation)
    {
        const string Errors =
            $"SELECT string_agg(complaint, '; ') FROM ({ServerQuery.FileErrors}) AS found";
        var found = await context.Commands.RunAsync(
            "reading configuration errors",
            (connection, bound) => connection.ScalarAsync<string>(Errors, bound), limit, cancellation);
        return found switch
        {
            Outcome<string?>.Done done => done.Value,
            _ => found.Failure!.Why,
        };
    }

    private void OpenGate() => context.Files.WritePassFiles();

    private void CloseGate() => File.Delete(MemberPaths.ReplicationPassFile(Settings));
}

/// <summary>A reload that a server was told to make.</summary>
/// <param name="LoadedBefore">When it had last loaded its files, as it writes it; null when it did not say.</param>
public sealed record Reload(string? LoadedBefore);

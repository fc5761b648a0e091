using System.Diagnostics;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Processes;
using Xunit;

namespace PgMahout.InstanceTests;

public sealed class LifecycleTests
{
    [Fact]
    public async Task Initialized_server_starts_and_is_seen_as_a_primary()
    {
        await using var cluster = TestCluster.Empty(1);
        Assert.IsType<PostgresState.Uninitialized>(await cluster.A.ObserveAsync());

        TestMember.Done(await cluster.A.Instance.InitializeAsync(TestMember.Limit, default));
        var stopped = Assert.IsType<PostgresState.Stopped>(await cluster.A.ObserveAsync());
        await cluster.A.StartPrimaryAsync();
        var primary = await cluster.A.UntilAsync<PostgresState.Primary>(state => state.SettledAt is not null);

        Assert.True(stopped.Clean);
        Assert.Equal(stopped.SystemIdentifier, primary.SystemIdentifier);
        Assert.Equal(TimelineHistory.Initial, primary.History);
        Assert.Equal(SynchronousSet.Nobody, primary.Effective);
        Assert.Equal("on", await cluster.A.QueryAsync<string>("SHOW data_checksums"));
        Assert.Equal("32MB", await cluster.A.QueryAsync<string>("SHOW shared_buffers"));
        Assert.Equal("off", await cluster.A.QueryAsync<string>("SHOW restart_after_crash"));
        Assert.Null(await cluster.A.QueryAsync<string>("SELECT string_agg(error, '; ') FROM pg_file_settings"));
    }

    [Fact]
    public async Task Launched_process_is_the_postmaster_and_leads_its_own_session()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);

        var postmaster = cluster.A.Instance.Processes.FindPostmaster();

        Assert.Equal(cluster.A.Launched!.Id, postmaster?.Pid);
        var session = (await File.ReadAllTextAsync($"/proc/{postmaster?.Pid}/stat")).Split(' ')[5];
        Assert.Equal(postmaster?.Pid.ToString(), session);
    }

    [Fact]
    public async Task Server_dies_with_the_thread_that_launched_it()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var postmaster = cluster.A.Instance.Processes.FindPostmaster()!.Value;

        cluster.A.ReleaseLauncher();
        await ProcessExit.WaitAsync(postmaster, default).WaitAsync(TestMember.Limit);
        var stopped = await cluster.A.UntilAsync<PostgresState.Stopped>(state => state.ProcessesLeft == 0);

        Assert.False(stopped.Clean);
    }

    // After a power loss numbers begin anew, and the old postmaster's may belong to any process of the account.
    [Fact]
    public async Task Server_starts_although_its_locks_name_a_process_that_lives()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(2);
        var (settings, locks) = (cluster.A.Instance.Settings, new Dictionary<string, string>());
        var socket = Path.Combine(settings.SocketDirectory!, $".s.PGSQL.{settings.Port}.lock");
        foreach (var path in new[] { Path.Combine(settings.DataDirectory, "postmaster.pid"), socket })
            locks[path] = await File.ReadAllTextAsync(path);
        cluster.A.Instance.Processes.KillAll(TestMember.Limit);
        await cluster.A.UntilAsync<PostgresState.Stopped>(state => state.ProcessesLeft == 0);
        using var living = settings.Account.IsBorrowed
            ? Process.Start("setpriv", $"--reuid={settings.Account.Name} --clear-groups -- sleep 1000")
            : Process.Start("sleep", "1000");
        try
        {
            foreach (var (path, text) in locks)
                await File.WriteAllTextAsync(path, $"{living.Id}\n{text[(text.IndexOf('\n') + 1)..]}");

            await cluster.A.StartPrimaryAsync();
            await cluster.A.UntilAsync<PostgresState.Primary>(_ => true);
        }
        finally
        {
            living.Kill();
        }
    }

    [Fact]
    public async Task Exit_of_the_postmaster_is_known_at_once()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var postmaster = cluster.A.Instance.Processes.FindPostmaster()!.Value;
        var exit = ProcessExit.WaitAsync(postmaster, default);
        Assert.False(exit.IsCompleted);

        var watch = Stopwatch.StartNew();
        cluster.A.Launched!.Kill();
        await exit.WaitAsync(TestMember.Limit);

        Assert.True(watch.ElapsedMilliseconds < 500, $"known after {watch.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task Fast_stop_leaves_a_clean_directory_and_no_process()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);

        TestMember.Done(await cluster.A.Instance.StopAsync(StopMode.Fast, TestMember.Limit, default));

        var stopped = Assert.IsType<PostgresState.Stopped>(await cluster.A.ObserveAsync());
        Assert.True(stopped.Clean);
        Assert.Equal(0, stopped.ProcessesLeft);
    }

    [Fact]
    public async Task Killing_all_reaches_stopped_processes_and_orphans()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var query = cluster.A.ExecuteAsync("SELECT pg_sleep(60)");
        var processes = cluster.A.Instance.Processes;
        await cluster.A.UntilAsync<PostgresState.Primary>(_ => processes.List().Count >= 8);
        foreach (var process in processes.List())
            Signals.Send(process.Pid, Signals.Stop);
        cluster.A.Launched!.Kill();
        Assert.NotEmpty(processes.List());

        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));

        Assert.Empty(processes.List());
        await Assert.ThrowsAnyAsync<Exception>(() => query);
        Assert.Equal(0, Assert.IsType<PostgresState.Stopped>(await cluster.A.ObserveAsync()).ProcessesLeft);
    }

    [Fact]
    public async Task Frozen_server_is_unresponsive_since_the_first_silence_and_answers_again_when_thawed()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        await cluster.A.UntilAsync<PostgresState.Primary>(_ => true);
        var frozen = cluster.A.Instance.Processes.List();
        var before = BootClock.Now();
        foreach (var process in frozen)
            Signals.Send(process.Pid, Signals.Stop);

        var limit = TimeSpan.FromMilliseconds(100);
        var first = Assert.IsType<PostgresState.Unresponsive>(await cluster.A.Instance.ObserveAsync(limit, default));
        var second = Assert.IsType<PostgresState.Unresponsive>(await cluster.A.Instance.ObserveAsync(limit, default));
        foreach (var process in frozen)
            Signals.Send(process.Pid, Signals.Continue);

        Assert.True(first.WasPrimary);
        Assert.True(first.Since >= before);
        Assert.Equal(first.Since, second.Since);
        await cluster.A.UntilAsync<PostgresState.Primary>(_ => true);
    }

    [Fact]
    public async Task Another_observer_adopts_a_running_server()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        await using var adopter = new TestMember(cluster.A.Instance.Settings);

        var seen = await adopter.UntilAsync<PostgresState.Primary>(_ => true);

        Assert.Equal(cluster.A.Instance.Processes.FindPostmaster(), adopter.Instance.Processes.FindPostmaster());
        Assert.Equal(TimelineId.First, seen.Written.Timeline);
    }

    [Fact]
    public async Task Recovering_server_is_never_taken_for_a_silent_one()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 300000) AS i");
        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));
        TestMember.Done(cluster.A.Instance.PreparePrimary(SynchronousSet.Nobody));
        var seen = new HashSet<Type>();

        await cluster.A.LaunchAsync();
        await cluster.A.UntilAsync<PostgresState>(state => seen.Add(state.GetType()) & state.IsPrimary);

        Assert.Contains(typeof(PostgresState.Starting), seen);
        Assert.DoesNotContain(typeof(PostgresState.Unresponsive), seen);
    }

    [Fact]
    public async Task Failed_start_says_what_the_server_said()
    {
        await using var cluster = TestCluster.Empty(1);
        TestMember.Done(await cluster.A.Instance.InitializeAsync(TestMember.Limit, default));
        TestMember.Done(cluster.A.Instance.PreparePrimary(SynchronousSet.Nobody));
        var main = Path.Combine(cluster.A.Instance.Settings.DataDirectory, "postgresql.conf");
        await File.AppendAllTextAsync(main, "no_such_setting = 1\n");

        await cluster.A.LaunchAsync();
        var outcome = await cluster.A.Instance.WaitUntilServingAsync(TestMember.Limit, default);

        Assert.Equal("postgres-start-failed", outcome.Failure?.Code);
        Assert.Contains("no_such_setting", outcome.Failure?.Why);
    }

    [Fact]
    public async Task Foreign_directory_is_told_apart_and_never_initialized()
    {
        await using var cluster = TestCluster.Empty(1);
        var directory = cluster.A.Instance.Settings.DataDirectory;
        Directory.CreateDirectory(directory);
        var precious = Path.Combine(directory, "precious.txt");
        await File.WriteAllTextAsync(precious, "not yours");

        var state = await cluster.A.ObserveAsync();
        var outcome = await cluster.A.Instance.InitializeAsync(TestMember.Limit, default);

        Assert.Contains("PG_VERSION", Assert.IsType<PostgresState.Foreign>(state).Why);
        Assert.IsType<Outcome.Failed>(outcome);
        Assert.True(File.Exists(precious));
    }

    [Fact]
    public async Task Directory_of_another_version_is_foreign()
    {
        await using var cluster = TestCluster.Empty(1);
        TestMember.Done(await cluster.A.Instance.InitializeAsync(TestMember.Limit, default));
        await File.WriteAllTextAsync(Path.Combine(cluster.A.Instance.Settings.DataDirectory, "PG_VERSION"), "9.6\n");

        var state = await cluster.A.ObserveAsync();

        Assert.Contains("9.6", Assert.IsType<PostgresState.Foreign>(state).Why);
    }
}

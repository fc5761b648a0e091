using PgMahout.Agent.Addressing;
using PgMahout.Agent.Api;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Loop;
using PgMahout.Agent.Supervision;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Agent;

/// <summary>
/// The agent of one member. It adopts a running server without touching it, and leaves it running when it ends, unless
/// it was asked to shut the member down.
/// </summary>
public static class AgentProcess
{
    private const int ShutDown = 6;
    private static readonly TimeSpan FirstRead = TimeSpan.FromSeconds(5);

    /// <returns>
    /// 0 after an orderly end, 6 when the member was shut down with it, 5 when another agent cares for this member, 4
    /// when the cluster has no such member, 1 when it could not begin.
    /// </returns>
    public static async Task<int> RunAsync(
        HomeLayout home, MemberName member, RepositoryCopy repositoryCopy, CancellationToken stopping)
    {
        using var alone = PidLock.TryTake(home.AgentLock(member));
        if (alone is null)
            return Say(member, "another agent cares for this member", 5);
        var opening = HomeStore.Open(home);
        if (opening is not StoreOpening.Ready { Store: var store })
            return Say(member, $"the store cannot be opened: {opening.Problem}", 1);
        await using var opened = store;
        if (await ReadAsync(store, stopping) is not { Spec.Value: var spec } records)
            return Say(member, "the store has no readable cluster specification", 1);
        if (FindHost(home, member) is not { } host)
            return 1;
        if (Settings(spec, records.ConfigurationFor(member).Desired, records.Region?.Value) is not { } settings)
            return Say(member, "the cluster has no such member", 4);

        await using var instance = new PostgresInstance(settings);
        var guard = new AdoptedGuard(home, member, () => instance.Processes.FindPostmaster());
        return await guard.DuringAsync(
            () => RunAsync((home, repositoryCopy), store, instance, (records, Settings), stopping), stopping)
            ?? Say(member, "the running server got no guard", 1);

        InstanceSettings? Settings(ClusterSpec wanted, DesiredConfiguration desired, Region? region) =>
            wanted.Find(member) is { } self
                ? MemberSettings.For(home, wanted, self, desired, host) with { Region = region }
                : null;
    }

    private static async Task<int> RunAsync(
        (HomeLayout Home, RepositoryCopy RepositoryCopy) given, IClusterStore store, PostgresInstance instance,
        (ClusterRecords Records, Func<ClusterSpec, DesiredConfiguration, Region?, InstanceSettings?> Settings) wanted,
        CancellationToken stopping)
    {
        var (home, member) = (given.Home, instance.Settings.Name);
        using var deadline = LeaseDeadline.Open(home.DeadlineFile(member));
        using var heard = HeardPosition.Open(home.HeardFile(member));
        using var wake = new WakeSignal();
        using var unit = UnitNotice.TakeFromEnvironment();
        var memory = new AgentMemory(deadline, heard);
        var work = new LongWork(wake.Set);
        var journal = new AgentJournal(member, store, memory);
        var state = new AgentState(
            memory,
            work,
            journal,
            () => instance.Processes.FindPostmaster(),
            () => PidLock.IsOurs(home.AgentLock(member)))
        {
            RepositoryCopy = given.RepositoryCopy, Unit = unit, HasAddress = () => AddressReport.Lingers(home),
        };
        using var observer = new Observer(given.Home, store, instance, (memory, work));
        var servers = new ServerWork(home, instance, store, observer, state);
        var lease = new LeaseWriter(store, instance, observer, state);
        var spec = wanted.Records.Spec!.Value;
        await lease.ConfirmAsync(wanted.Records, spec.Timing, stopping);
        var loop = new AgentLoop(observer, new Actuator(instance, lease, servers, state), instance, state, wake);
        var notes = new ServerWatch(instance, state);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var answers = new AgentApi((home, member), observer, notes, state, wake);
        await using var api = answers.Listen();
        await using var elsewhere = new HostsListener(answers, spec.Find(member)!);
        // A quiet leader would only be woken by its own renewals; whoever asks something of it wakes it through the
        // API.
        using var watch = store.Watch(() =>
        {
            if (memory.Decision?.Rule is not (Rule.KeepLeading or Rule.LeadAsStandby))
                wake.Set();
        });
        var twin = new RegionWatch(instance, memory, wake);
        var token = ending.Token;
        var writing = Task.WhenAll(journal.WriteAllAsync(token), notes.RunAsync(token), twin.RunAsync(token));
        try
        {
            await loop.RunAsync(spec, wanted.Settings, stopping);
            return memory.Request == MemberRequest.Shutdown ? ShutDown : 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Say(member, "the agent ends; PostgreSQL is left as it is", 0);
        }
        finally
        {
            unit.Stopping();
            await ending.CancelAsync();
            await writing.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private static (PostgresBinaries, ServerAccount, ClusterSecrets)? FindHost(HomeLayout home, MemberName member)
    {
        var binaries = PostgresBinaries.Find(Environment.GetEnvironmentVariable(Guard.BinariesVariable));
        var account = ServerAccount.Find();
        var secrets = SecretFiles.LoadOrCreate(home.SecretsDirectory);
        if (binaries.TryGet(out var programs) && account.TryGet(out var user) && secrets.TryGet(out var passwords))
            return (programs, user, passwords);
        Say(member, (binaries.Failure ?? account.Failure ?? secrets.Failure)!.ToString(), 1);
        return null;
    }

    private static async Task<ClusterRecords?> ReadAsync(IClusterStore store, CancellationToken stopping) =>
        await store.ReadAsync(FirstRead, stopping) is StoreRead.Content content
        && ClusterRecords.Decode(content, ClusterRecords.None) is RecordsRead.Decoded decoded
        && decoded.Records.Spec is not null
            ? decoded.Records
            : null;

    private static int Say(MemberName member, string text, int code)
    {
        Log.Write(code == 0 ? Severity.Notice : Severity.Error, $"agent {member}: {text}");
        return code;
    }
}

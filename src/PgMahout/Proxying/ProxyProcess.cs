using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Supervision;
using PgMahout.Core.Proxy;
using PgMahout.Output;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Processes;
using PgMahout.Proxy;
using PgMahout.Proxy.Handover;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Proxying;

/// <summary>
/// The process behind the one address for clients. The loop that clients go through has a thread of its own; beside it
/// are the feed that tells it who leads, and a small API. One for a home, but for one that still has clients from
/// before it handed the address over.
/// </summary>
internal static class ProxyProcess
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <param name="after">The process that this one takes the place of; null: nobody's.</param>
    /// <returns>
    /// 0 after an orderly end, also when the cluster wants no proxy any more; 5 when another proxy holds the home, 1
    /// when it could not begin, or not listen.
    /// </returns>
    public static async Task<int> RunAsync(HomeLayout home, int? after, CancellationToken stopping)
    {
        // Kept from now on: an upgrade may put another file in its place before a successor is started.
        _ = Environment.ProcessPath;
        Predecessor? before = null;
        if (after is { } pid && (before = Predecessor.Find(home.ProxyHandover(pid), Limit, out var why)) is null)
            return Say($"process {pid} does not hand over: {why}", 1);
        using var alone = before is null ? PidLock.TryTake(home.ProxyLock) : PidLock.Lent(before.Keepsake);
        if (alone is null)
            return Say("another proxy holds this home", 5);
        var opening = HomeStore.Open(home);
        if (opening is not StoreOpening.Ready { Store: var store })
            return Say($"the store cannot be opened: {opening.Problem}", 1);
        await using var opened = store;
        if (SecretFiles.LoadOrCreate(home.SecretsDirectory) is not Outcome<ClusterSecrets>.Done { Value: var secrets })
            return Say($"the passwords in {home.SecretsDirectory} cannot be read", 1);
        if (await SettingsAsync(store, stopping) is not { } settings)
            return Say(stopping.IsCancellationRequested ? "stopped" : "the cluster has no proxy");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        ProxyWork? work = null;
        // Each is made of the other; the feed calls nobody before it runs.
        using var feed = new TopologyFeed(
            home, store, topology => work!.Publish(topology), records => Follow(work!, records, ending));
        await using var users = new UserDirectory(() => feed.Topology, () => work!.Settings, secrets.SuperuserPassword);
        using var server = new ProxyServer(settings, users, before)
        {
            // The same for every proxy of the cluster, and after each start.
            MockSecret = [.. HMACSHA256.HashData(Encoding.UTF8.GetBytes(secrets.SuperuserPassword), "mock secret"u8)],
        };
        work = new ProxyWork(home, server, feed, settings, ending);
        using var unit = UnitNotice.TakeFromEnvironment();
        var succession = new ProxySuccession(work, alone, unit);
        await using var api = new ProxyApi(work, succession).Listen(home);
        return await RunAsync(work, unit, succession, before, ending);
    }

    public static int Say(string text, int code = 0)
    {
        Log.Write(
            code == 0 ? Severity.Notice : Severity.Error,
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} proxy: {text}");
        return code;
    }

    private static async Task<int> RunAsync(
        ProxyWork work, UnitNotice unit, ProxySuccession succession, Predecessor? before,
        CancellationTokenSource ending)
    {
        var feeding = Task.Run(() => work.Feed.RunAsync(ending.Token));
        // Clients that come over shall not wait for what can be known before.
        if (before is not null)
            await work.Feed.KnowsPrimaryAsync(Patience, ending.Token);
        var loop = Task.Factory.StartNew(
            () => work.Server.Run(ending.Token), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var reporting = Task.CompletedTask;
        try
        {
            if (await Task.WhenAny(loop, work.Server.Listens) != loop && await succession.BeginAsync(before))
                reporting = ReportAsync(work, unit, ending);
            else
                await ending.CancelAsync();
            var code = await loop;
            return Say(code == 0 ? "stopped" : "the proxy could not go on", code);
        }
        finally
        {
            unit.Stopping();
            await ending.CancelAsync();
            await Task.WhenAll(feeding, reporting);
        }
    }

    private static void Follow(ProxyWork work, ClusterRecords records, CancellationTokenSource ending)
    {
        if (records.Proxy is { Value: var wanted })
            work.Follow(wanted);
        else if (records.Spec is not null)
            ending.Cancel();
    }

    /// <summary>
    /// Asks until the store answers: only an answer can say that no proxy is wanted, and whoever ended without one
    /// would have to begin anew just when the store is back. Null: none is wanted, or the process is to end.
    /// </summary>
    private static async Task<ProxySettings?> SettingsAsync(IClusterStore store, CancellationToken stopping)
    {
        var isSaid = false;
        while (!stopping.IsCancellationRequested)
        {
            // Bounded by its limit, so that a stop needs not break it off.
            switch (await store.ReadAsync(ClusterAccess.StoreLimit, CancellationToken.None))
            {
                case StoreRead.Content content:
                    return ClusterRecords.Decode(content, ClusterRecords.None)
                        is RecordsRead.Decoded { Records.Proxy: { } proxy } ? proxy.Value : null;
                case StoreRead.Unreachable silent when !isSaid:
                    Say($"waits for the store: {silent.Reason}");
                    isSaid = true;
                    break;
            }
            // Ended by a stop, too.
            await Task.Delay(Again, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        return null;
    }

    private static async Task ReportAsync(ProxyWork work, UnitNotice unit, CancellationTokenSource ending)
    {
        while (!ending.IsCancellationRequested)
        {
            var isHome = work.IsRetired || work.HandsOver
                ? File.Exists(work.Home.ProxyLock)
                : PidLock.IsOurs(work.Home.ProxyLock);
            if (!isHome)
            {
                Say("the home is gone, or another one is in its place");
                await ending.CancelAsync();
                return;
            }
            // What is shown is how the one is that listens.
            if (!work.IsRetired)
                Write(work);
            // Said by the loop that clients wait for, not by this one.
            work.Server.Remark(unit.Turned);
            await Task.Delay(Pace, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>Whoever reads the file finds the old report or the new one; it need not survive a crash.</summary>
    private static void Write(ProxyWork work)
    {
        var file = work.Home.ProxyReport;
        try
        {
            File.WriteAllBytes(
                file + ".new", JsonSerializer.SerializeToUtf8Bytes(work.Account(), DocumentJson.Types.ProxyAccount));
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Say($"cannot write {file}: {e.Message}");
        }
    }
}

using System.Text.Json;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Supervision;
using PgMahout.Backups;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Processes;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Archiving;

/// <summary>
/// The process that archives WAL into every repository of a home's cluster, and has backups made, expired and proven
/// when they are due. One for a home; a process of its own, so that its work cannot delay an agent.
/// </summary>
internal static class ArchiverProcess
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly DateTime Started = TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <returns>
    /// 0 after an orderly end, also when there is no repository any more; 5 when another archiver holds the home, 1
    /// when it could not begin.
    /// </returns>
    public static async Task<int> RunAsync(HomeLayout home, CancellationToken stopping)
    {
        using var alone = PidLock.TryTake(home.ArchiverLock);
        if (alone is null)
            return Say("another archiver holds this home", 5);
        var opening = HomeStore.Open(home);
        if (opening is not StoreOpening.Ready { Store: var store })
            return Say($"the store cannot be opened: {opening.Problem}", 1);
        await using var opened = store;
        if (SecretFiles.LoadOrCreate(home.SecretsDirectory) is not Outcome<ClusterSecrets>.Done { Value: var secrets })
            return Say($"the passwords in {home.SecretsDirectory} cannot be read", 1);

        using var unit = UnitNotice.TakeFromEnvironment();
        using var wake = new SemaphoreSlim(0);
        var cluster = new ArchivedCluster(home, secrets);
        await using var keepers = new ArchiveKeepers(cluster);
        using var watch = store.Watch(() => wake.Release());
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var chores = new Chores(home, keepers, new HistoryTeller(store, cluster)).RunAsync(ending.Token);
        try
        {
            return await TendAsync(store, cluster, keepers, (wake, unit), stopping);
        }
        finally
        {
            await ending.CancelAsync();
            await chores;
        }
    }

    public static int Say(string text, int code = 0)
    {
        Log.Write(
            code == 0 ? Severity.Notice : Severity.Error,
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} archiver: {text}");
        return code;
    }

    private static async Task<int> TendAsync(
        IClusterStore store, ArchivedCluster cluster, ArchiveKeepers keepers,
        (SemaphoreSlim Wake, UnitNotice Unit) pace, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (!PidLock.IsOurs(cluster.Home.ArchiverLock))
                return Say("the home is gone, or another one is in its place", 1);
            if (await store.ReadAsync(ClusterAccess.StoreLimit, stopping) is StoreRead.Content content
                && ClusterRecords.Decode(content, cluster.Records) is RecordsRead.Decoded { Records: var records })
            {
                // What starts it on a host of several is not told of a repository that comes later.
                if (records.Repositories.IsEmpty && !HostHome.Is(cluster.Home))
                    return Say("there is no repository any more");
                cluster.Records = records;
                keepers.Follow(records);
            }
            Report(cluster.Home, keepers);
            var names = string.Join(", ", cluster.Records.Repositories.Select(repository => repository.Name));
            pace.Unit.Status(names.Length > 0 ? $"archiving into {names}" : "there is no repository");
            pace.Unit.Turned();
            await WaitAsync(pace.Wake, stopping);
        }
        pace.Unit.Stopping();
        return Say("stopped");
    }

    private static async Task WaitAsync(SemaphoreSlim wake, CancellationToken stopping)
    {
        try
        {
            await wake.WaitAsync(Pace, stopping);
        }
        catch (OperationCanceledException)
        {
            // Told to stop, which the caller sees.
        }
    }

    /// <summary>Whoever reads the file finds the old report or the new one; it need not survive a crash.</summary>
    private static void Report(HomeLayout home, ArchiveKeepers keepers)
    {
        var report = new ArchiverReport(
            Environment.ProcessId, TimeProvider.System.GetUtcNow().UtcDateTime, keepers.Running, keepers.Reports())
        {
            StartedAt = Started,
        };
        try
        {
            var unfinished = home.ArchiverReport + ".new";
            File.WriteAllBytes(
                unfinished, JsonSerializer.SerializeToUtf8Bytes(report, DocumentJson.Types.ArchiverReport));
            File.Move(unfinished, home.ArchiverReport, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Say($"cannot write {home.ArchiverReport}: {e.Message}");
        }
    }
}

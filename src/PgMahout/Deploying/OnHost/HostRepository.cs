using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Backup.Repositories;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Core.Deployment;
using PgMahout.Postgres;
using PgMahout.Starting;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Deploying.OnHost;

/// <summary>
/// Whether this host gets into the repository, and sees what another host has put there: a directory of the same name
/// on each host would be an archive in pieces. Also from a deployment's word to the cluster's settings.
/// </summary>
internal static class HostRepository
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <returns>0, or 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        var wanted = JsonSerializer.Deserialize(await Console.In.ReadToEndAsync(), HostJson.Default.ProbeDocument)!;
        if (await ProbeAsync(home, wanted) is not { } complaint)
            return 0;
        Console.Error.WriteLine(complaint);
        return 1;
    }

    public static RepositorySettings SettingsOf(FoundingRepository wanted)
    {
        var options = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
        if (wanted.Endpoint is { } endpoint)
            options = options.SetItem("endpoint", endpoint);
        if (wanted.Region is { } region)
            options = options.SetItem("region", region);
        if (wanted.HasCredentials)
            options = options.SetItem("credentials", HostPaths.RepositoryCredentials);
        return NewRepository.At(wanted.Address, options).Repositories[0] with
        {
            KeyFile = wanted.HasKey ? HostPaths.RepositoryKey : null,
        };
    }

    /// <summary>Null: it does.</summary>
    public static async Task<string?> ProbeAsync(HomeLayout home, ProbeDocument wanted)
    {
        var settings = SettingsOf(wanted.Repository);
        if (wanted.Role == ProbeRole.Begin && Make(settings.Address) is { } unmade)
            return unmade;
        var opened = RepositoryOpening.Place(settings);
        if (!opened.TryGet(out var store))
            return Text(opened.Failure!);
        await using var closing = store;
        if (wanted.Role == ProbeRole.Begin && await WhyNotEmptyAsync(home, store) is { } another)
            return another;
        return wanted.Role switch
        {
            ProbeRole.Begin => await PutAsync(store, NameOf(wanted, wanted.From)),
            ProbeRole.Join => await SeesAsync(store, NameOf(wanted, wanted.From), wanted.From)
                ?? await PutAsync(store, NameOf(wanted, wanted.Host)),
            ProbeRole.End => await SeesAsync(store, NameOf(wanted, wanted.From), wanted.From),
            ProbeRole.Clean => Said(await store.DeleteAsync(
                [.. wanted.All.Select(host => NameOf(wanted, host))], CancellationToken.None)),
        };
    }

    private static string NameOf(ProbeDocument wanted, string host) => $"probe/{wanted.Token}-{host}";

    /// <summary>Only the last part of the path: a parent that is missing is a mount that is missing.</summary>
    private static string? Make(string address)
    {
        if (address.StartsWith(S3Settings.Scheme, StringComparison.Ordinal) || Path.Exists(address))
            return null;
        try
        {
            if (!Directory.Exists(Path.GetDirectoryName(address)))
                return $"{Path.GetDirectoryName(address)} does not exist: is it mounted?";
            Directory.CreateDirectory(address, OwnerOnly);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{address} cannot be made: {e.Message} (make it, for the account {HostPaths.Account})";
        }
    }

    /// <summary>A cluster that is made now must not go on in what another one left.</summary>
    private static async Task<string?> WhyNotEmptyAsync(HomeLayout home, IObjectStore store)
    {
        var mark = await store.LengthAsync("repository.json", CancellationToken.None);
        if (!mark.TryGet(out var length))
            return Text(mark.Failure!);
        if (length is null)
            return null;
        if (HomeStore.Open(home) is not StoreOpening.Ready { Store: var records })
            return null;
        await using var closing = records;
        return await records.ReadAsync(Limit, CancellationToken.None) is StoreRead.Content content
            && ClusterRecords.Decode(content, ClusterRecords.None) is RecordsRead.Decoded { Records.Spec: null }
                ? $"{store.Address} is a repository already, and this cluster is new: another address, or empty it "
                    + "first; what an earlier cluster left there is still restorable from it"
                : null;
    }

    private static async Task<string?> PutAsync(IObjectStore store, string name) =>
        Said(await store.PutAsync(name, "seen?"u8.ToArray(), Flushing.Now, CancellationToken.None));

    private static async Task<string?> SeesAsync(IObjectStore store, string name, string from)
    {
        var length = await store.LengthAsync(name, CancellationToken.None);
        if (!length.TryGet(out var there))
            return Text(length.Failure!);
        return there is null
            ? $"what {from} has put into {store.Address} is not there on this host: all hosts with data must see the "
                + "same"
            : null;
    }

    private static string? Said(Outcome outcome) => outcome.Failure is { } problem ? Text(problem) : null;

    private static string Text(Problem problem) => $"{problem.What}: {problem.Why} ({problem.Next})";
}

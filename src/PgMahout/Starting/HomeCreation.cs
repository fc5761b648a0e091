using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Core.Tuning;
using PgMahout.Errors;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using PgMahout.Proxying;
using PgMahout.Store;
using PgMahout.Store.Records;
using PgMahout.Store.Sqlite;

namespace PgMahout.Starting;

/// <summary>
/// Makes a home. Each step can be repeated, and the specification in the store is written last, so that an interrupted
/// creation is recognised by its absence and simply done again.
/// </summary>
public static class HomeCreation
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Passable = Private
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static async Task<Failure?> CreateAsync(
        HomeLayout home, HomePlan.Create wanted, Host host, CancellationToken cancellation)
    {
        var spec = wanted.Spec;
        try
        {
            MakeDirectory(home.Root, Passable);
            MakeDirectory(home.LogDirectory, Passable);
            MakeDirectory(home.MembersDirectory, Passable);
            var account = host.Account;
            account.CreateDirectory(home.RunDirectory, Passable);
            var plan = await TuneAsync(home, spec.Members.Length, host, cancellation);
            foreach (var member in spec.Members)
                MakeMember(home, member, account, plan);
            NewRepository.Make(wanted.Backup);
            if (wanted.Follower is { } follower)
                SecretFiles.Adopt(home.SecretsDirectory, follower.Secrets);
            return WriteSecrets(home, spec, wanted.Proxy) ?? await WriteSpecAsync(home, wanted, cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failed(home, failure.Message);
        }
    }

    /// <summary>What this machine suggests to so many members, of what this server takes.</summary>
    public static async Task<TuningPlan> TuneAsync(
        HomeLayout home, int members, Host host, CancellationToken cancellation) =>
        TuningPlan.For(TuningRules.Pgmahout, new TuningQuestion(HostMachine.Measure(home.Root), WorkloadType.Oltp)
        {
            Members = members,
            Server = await ServerProbe.FeaturesAsync(host.Binaries, host.Account, cancellation),
        });

    /// <summary>The directory of one member, and the settings that its machine suggests.</summary>
    public static void MakeMember(HomeLayout home, MemberSpec member, ServerAccount account, TuningPlan plan)
    {
        account.CreateDirectory(home.MemberDirectory(member.Name), Private);
        TuningFile.Write(
            home.TuningFile(member.Name),
            plan.Settings.Select(setting => (setting.Name, setting.Value, setting.Reason)));
    }

    /// <summary>The passwords, and the password file for clients of these members and of their proxy.</summary>
    public static Failure? WriteSecrets(HomeLayout home, ClusterSpec spec, ProxySettings? proxy)
    {
        var secrets = SecretFiles.LoadOrCreate(home.SecretsDirectory);
        if (!secrets.TryGet(out var passwords))
            return Failed(home, secrets.Failure!.ToString());
        SecretFiles.WritePassFile(
            home.SecretsDirectory,
            passwords,
            spec.Members.Select(member => (member.Host, member.Port)).Concat(ProxyAddresses.Of(proxy)));
        return null;
    }

    private static async Task<Failure?> WriteSpecAsync(
        HomeLayout home, HomePlan.Create wanted, CancellationToken cancellation)
    {
        var opening = SqliteClusterStore.Create(home.StoreFile);
        if (opening is not StoreOpening.Ready { Store: var store })
            return Failed(home, (opening as StoreOpening.Failed)?.Reason ?? "the store could not be created");
        await using var closing = store;
        var outcome = await store.WriteAsync(
            wanted.Follower is { } follower
                ? ClusterRecords.Create(
                    wanted.Spec, wanted.Backup, wanted.Proxy, (follower.Region, follower.SystemIdentifier))
                : ClusterRecords.Create(wanted.Spec, wanted.Backup, wanted.Proxy),
            TimeSpan.FromSeconds(10), cancellation);
        return outcome switch
        {
            WriteOutcome.Done => null,
            WriteOutcome.Refused refused => Failed(home, refused.Why),
            WriteOutcome.Unknown unknown => Failed(home, unknown.Reason),
            _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
        };
    }

    private static void MakeDirectory(string path, UnixFileMode mode)
    {
        Directory.CreateDirectory(path);
        // The creation mode is cut by the umask of whoever runs us, and PostgreSQL's account must pass.
        File.SetUnixFileMode(path, mode);
    }

    private static Failure Failed(HomeLayout home, string because) =>
        new Failure(ErrorCatalogue.CreationFailed, $"the home {home.Root} could not be created")
            .Because(because)
            .Leaving("what was created so far is left, and used by the next `pgmahout up`")
            .Try("pgmahout up");
}

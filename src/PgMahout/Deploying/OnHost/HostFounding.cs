using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Proxy;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Deploying.OnHost;

/// <summary>
/// Writes the first records of a cluster, or takes members in that are new. An existing cluster is never overwritten:
/// in what it differs is told.
/// </summary>
internal static class HostFounding
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private const int Tries = 10;
    private const string Untaken = "the store does not take the cluster's records";

    /// <summary>The exit code when the store cannot be read, or takes nothing.</summary>
    public const int StoreFails = 2;

    /// <returns>
    /// 0 with an answer on standard output; 1, or <see cref="StoreFails"/>, with the reason on standard error.
    /// </returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        var opening = HomeStore.Open(home);
        if (opening is not StoreOpening.Ready { Store: var store })
        {
            Console.Error.WriteLine(opening.Problem);
            return 1;
        }
        await using var closing = store;
        var wanted = JsonSerializer.Deserialize(await Console.In.ReadToEndAsync(), HostJson.Default.FoundingDocument)!;
        var (answer, complaint) = await FoundAsync(home, store, wanted);
        if (answer is null)
        {
            Console.Error.WriteLine(complaint);
            return complaint!.StartsWith(Untaken, StringComparison.Ordinal) ? StoreFails : 1;
        }
        Console.WriteLine(JsonSerializer.Serialize(answer, HostJson.Default.FoundingAnswer));
        return 0;
    }

    /// <summary>The answer, or why there is none. A write of which nothing is known is settled by reading.</summary>
    public static async Task<(FoundingAnswer? Answer, string? Complaint)> FoundAsync(
        HomeLayout home, IClusterStore store, FoundingDocument wanted)
    {
        var last = "it changes too often";
        var written = "";
        for (var tried = 0; tried < Tries; tried++)
        {
            var read = await store.ReadAsync(Limit, CancellationToken.None);
            if (read is not StoreRead.Content content)
            {
                last = read is StoreRead.Unreachable silent ? silent.Reason : "it cannot be read";
                await Task.Delay(Limit / Tries);
                continue;
            }
            if (ClusterRecords.Decode(content, ClusterRecords.None) is not RecordsRead.Decoded { Records: var records })
                return (null, "the store holds records that this version does not understand");
            if ((WhyNotAdopted(records, wanted) ?? WhyNotFollowing(records, wanted)) is { } other)
                return (null, other);
            var (change, done) = ChangeFor(home, records, wanted);
            if (change is null)
            {
                done = written == "" ? done : written;
                return (new FoundingAnswer(DocumentJson.Schema, done, Notes(records, wanted)), null);
            }
            switch (await store.WriteAsync(change, Limit, CancellationToken.None))
            {
                case WriteOutcome.Refused refused:
                    last = refused.Why;
                    break;
                case WriteOutcome.Unknown unknown:
                    last = unknown.Reason;
                    written = With(written, done);
                    break;
                case WriteOutcome.Done:
                    written = With(written, done);
                    break;
            }
        }
        return (null, $"{Untaken}: {last}");
    }

    private static string With(string before, string done) =>
        before == "" || before == done ? done : $"{before}; {done}";

    private static (StoreTransaction? Change, string Done) ChangeFor(
        HomeLayout home, ClusterRecords records, FoundingDocument wanted)
    {
        var spec = SpecOf(wanted);
        if (records.Spec is not { } stored)
            return wanted.Follows is { } followed
                ? (ClusterRecords.Create(spec, BackupOf(wanted), ProxyOf(home, wanted), Following(followed)), "created")
                : (Beginning(ClusterRecords.Create(spec, BackupOf(wanted), ProxyOf(home, wanted)), wanted), "created");
        ImmutableArray<MemberSpec> missing = [.. spec.Members.Where(member => stored.Value.Find(member.Name) is null)];
        var placed = Placed(stored.Value, spec);
        var next = placed with { Members = [.. placed.Members.AddRange(missing).OrderBy(member => member.Name)] };
        if (ChangedBackups(records, wanted) is { } backups)
            return (
                ClusterRecords.ChangeBackup(records.Backup?.Revision ?? Revision.None, backups),
                $"changed: WAL and backups go to {wanted.Repository!.Address}");
        return missing.IsEmpty && placed.Cascade == stored.Value.Cascade
            && placed.Members.SequenceEqual(stored.Value.Members)
            ? (null, "present")
            : (ClusterRecords.ChangeSpec(stored.Revision, next), missing.IsEmpty
                ? "changed: who stands where"
                : $"joined: {string.Join(", ", missing.Select(member => member.Name))}");
    }

    /// <summary>
    /// Where members stand, and who streams from whom because of it, may be said, or said anew, at any time.
    /// </summary>
    private static ClusterSpec Placed(ClusterSpec present, ClusterSpec asked) => present with
    {
        Cascade = asked.Cascade,
        Members =
        [
            .. present.Members.Select(member =>
                asked.Find(member.Name) is { } said ? member with { Site = said.Site } : member),
        ],
    };

    /// <summary>
    /// Servers that ran before the cluster have an identity and a leader, and the number of a timeline that the next
    /// reign must go beyond.
    /// </summary>
    private static StoreTransaction Beginning(StoreTransaction create, FoundingDocument wanted)
    {
        if (wanted.Adoption is not { } adoption)
            return create;
        var reign = ClusterRecords.BeginRestored(
            adoption.SystemIdentifier,
            new Leadership(
                new Epoch(adoption.Timeline), new MemberName(adoption.Leader), null, SynchronousSet.Nobody));
        var all = new StoreTransaction([.. create.Conditions, .. reign.Conditions], [.. create.Puts, .. reign.Puts]);
        if (!adoption.IsLogical)
            return all;
        var logical = ClusterRecords.ChangeConfiguration(Revision.None, ConfigurationState.None with
        {
            Current = new ConfigurationVersion(
                1, TimeProvider.System.GetUtcNow(), "pgmahout", "adopted with wal_level = logical",
                DesiredConfiguration.Empty.With("wal_level", "logical", null)),
            LastNumber = 1,
        });
        return new StoreTransaction(
            [.. all.Conditions, .. logical.Conditions], [.. all.Puts, .. logical.Puts]);
    }

    /// <summary>An interrupted adoption is gone on with only where nothing has changed meanwhile.</summary>
    private static string? WhyNotAdopted(ClusterRecords records, FoundingDocument wanted)
    {
        if (wanted.Adoption is not { } adoption || records.Spec is null)
            return null;
        if (records.SystemIdentifier?.Value != adoption.SystemIdentifier)
            return $"the store holds a cluster with the system identifier {records.SystemIdentifier?.Value}, and the "
                + $"servers have {adoption.SystemIdentifier}";
        return records.Leadership?.Value is { } leadership && leadership.Holder.Text != adoption.Leader
            ? $"{leadership.Holder} leads the cluster in the store, and the server of {adoption.Leader} is the primary"
            : null;
    }

    private static string? WhyNotFollowing(ClusterRecords records, FoundingDocument wanted) => wanted.Follows switch
    {
        null => null,
        { Led: null } followed when records.Spec is null =>
            $"it is to begin as a copy of {followed.Name}, which could not be told of it",
        { } followed when records.Spec is not null && records.Region is null =>
            $"the cluster is there, stands alone, and cannot be made to follow {followed.Name} any more",
        _ => null,
    };

    private static (Region, ulong) Following(FoundingTwin followed) => (
        new Region(followed.Led!.Term, RegionRole.Follows, RegionSide.Second, HostPairing.TwinOf(followed)),
        followed.Led.SystemIdentifier);

    private static ClusterSpec SpecOf(FoundingDocument wanted) => new(
        wanted.Cluster,
        [
            .. wanted.Members
                .Select(member => new MemberSpec(
                    new MemberName(member.Name), member.Host, member.Port, member.Api, member.Priority)
                {
                    Site = member.Site,
                })
                .OrderBy(member => member.Name),
        ],
        Enum.Parse<Durability>(wanted.Durability, ignoreCase: true),
        new Timing(TimeSpan.FromSeconds(wanted.RtoSeconds)),
        ClusterSpec.DefaultMaximumLag)
    {
        Cascade = wanted.CascadesBySite ? Cascade.BySite : Cascade.Off,
    };

    private static BackupSettings BackupOf(FoundingDocument wanted) => wanted.Repository is { } repository
        ? BackupSettings.None with { Repositories = [HostRepository.SettingsOf(repository)] }
        : BackupSettings.None;

    /// <summary>
    /// What the cluster's backups are to be where that is another thing than now: its first repository, or how one that
    /// it has is entered. Null: as it is. One that has an address of its own stays, whatever the file says.
    /// </summary>
    private static BackupSettings? ChangedBackups(ClusterRecords records, FoundingDocument wanted)
    {
        if (wanted.Repository is not { } repository)
            return null;
        var (present, asked) = (records.Backup?.Value ?? BackupSettings.None, HostRepository.SettingsOf(repository));
        if (present.Repositories.IsEmpty)
            return present with { Repositories = [asked] };
        var same = present.Repositories.FirstOrDefault(one => one.Address == asked.Address);
        return same is null || same.Options.SequenceEqual(asked.Options)
            ? null
            : present with
            {
                Repositories = present.Repositories.Replace(same, same with { Options = asked.Options }),
            };
    }

    private static ProxySettings? ProxyOf(HomeLayout home, FoundingDocument wanted) => wanted.Proxy is { } proxy
        ? new ProxySettings
        {
            ListenHost = proxy.Listen,
            // Members of other hosts have certificates of the cluster's own authority, with their addresses in them.
            ServerTls = ServerTls.VerifyFull,
            ServerAuthorityFile = Path.Combine(home.CertificateDirectory, "ca.crt"),
            WritePort = proxy.Port,
            ReadPort = proxy.ReadPort,
            SocketDirectory = home.RunDirectory,
            CertificateFile = Path.Combine(home.CertificateDirectory, "host.crt"),
            KeyFile = Path.Combine(home.CertificateDirectory, "host.key"),
        }
        : null;

    private static ImmutableArray<string> Notes(ClusterRecords records, FoundingDocument wanted)
    {
        var (present, asked) = (records.Spec!.Value, SpecOf(wanted));
        var notes = ImmutableArray.CreateBuilder<string>();
        if (present.Timing.Ttl != asked.Timing.Ttl)
            notes.Add($"the cluster has the rto {present.Timing.Ttl.TotalSeconds}s, cluster.yml "
                + $"{asked.Timing.Ttl.TotalSeconds}s: it stays as it is");
        if (present.Durability != asked.Durability)
            notes.Add($"the cluster has the durability {Words.Of(present.Durability)}, cluster.yml "
                + $"{Words.Of(asked.Durability)}: it stays as it is");
        if (records.Backup?.Value.Repositories is { IsEmpty: false } repositories
            && repositories.All(repository => repository.Address != wanted.Repository?.Address))
            notes.Add($"the cluster archives into {string.Join(", ", repositories.Select(one => one.Address))}, "
                + $"cluster.yml says {wanted.Repository?.Address ?? NewRepository.Nowhere}: it stays as it is "
                + "(pgmahout repo add|remove, on a host)");
        foreach (var member in present.Members.Where(member => asked.Find(member.Name) is null))
            notes.Add($"{member.Name} is a member of the cluster and not in cluster.yml: pgmahout deploy remove "
                + $"{member.Name}");
        foreach (var member in present.Members)
            if (asked.Find(member.Name) is { } other && other != member)
                notes.Add($"{member.Name} is known as {member.Host}:{member.Port}, {member.Api}, priority "
                    + $"{member.Priority}: it stays as it is");
        return notes.ToImmutable();
    }
}

using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Proxy;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

/// <summary>
/// The store's records, decoded: what the cluster agreed on. Null: there is no such record. Each record is JSON with a
/// <c>schema</c> number; fields that this version does not know are ignored.
/// </summary>
public sealed record ClusterRecords(
    Stored<ClusterSpec>? Spec,
    Stored<Leadership>? Leadership,
    Stored<ulong>? SystemIdentifier,
    Stored<SwitchoverRequest>? Switchover,
    Stored<PauseRecord>? Pause,
    Stored<ConfigurationState>? Configuration = null,
    Stored<BackupSettings>? Backup = null,
    Stored<ProxySettings>? Proxy = null,
    Stored<Region>? Region = null)
{
    public const string SpecKey = "spec";
    public const string LeadershipKey = "leadership";
    public const string IdentityKey = "identity";
    public const string SwitchoverKey = "switchover";
    public const string PauseKey = "pause";
    public const string ConfigurationKey = "configuration";
    public const string BackupKey = "backup";
    public const string ProxyKey = "proxy";
    public const string RegionKey = "region";
    public const string TurnKey = "turn";

    /// <summary>Of the records with the configurations that the cluster once had.</summary>
    public const string VersionKeys = "configuration/";

    private const int VersionsKept = 20;

    /// <summary>Who makes, expires or proves backups, of several hosts. Null: nobody.</summary>
    public Stored<TurnRecord>? Turn { get; init; }

    /// <summary>A store in which nothing was written yet.</summary>
    public static readonly ClusterRecords None = new(null, null, null, null, null);

    /// <param name="previous">
    /// What was decoded before: a record whose revision has not changed is taken from there, so that an agent that
    /// reads twice a second decodes only what is new.
    /// </param>
    public static RecordsRead Decode(StoreRead.Content content, ClusterRecords previous)
    {
        try
        {
            return new RecordsRead.Decoded(new ClusterRecords(
                Decode(content, SpecKey, previous.Spec, SpecCodec.Decode),
                Decode(content, LeadershipKey, previous.Leadership, LeadershipCodec.Decode),
                Decode(content, IdentityKey, previous.SystemIdentifier, IdentityCodec.Decode),
                Decode(content, SwitchoverKey, previous.Switchover, SwitchoverCodec.Decode),
                Decode(content, PauseKey, previous.Pause, PauseCodec.Decode),
                Decode(content, ConfigurationKey, previous.Configuration, ConfigurationCodec.Decode),
                Decode(content, BackupKey, previous.Backup, BackupCodec.Decode),
                Decode(content, ProxyKey, previous.Proxy, ProxyCodec.Decode),
                Decode(content, RegionKey, previous.Region, RegionCodec.Decode))
            {
                Turn = Decode(content, TurnKey, previous.Turn, TurnRecord.Decode),
            });
        }
        catch (RecordFault fault)
        {
            return new RecordsRead.Unreadable(fault.Message);
        }
    }

    /// <summary>What a member must have of PostgreSQL's configuration now.</summary>
    public ConfigurationVersion ConfigurationFor(MemberName member) =>
        (Configuration?.Value ?? ConfigurationState.None).For(member);

    /// <summary>The part that decisions read.</summary>
    /// <param name="now">Wall-clock time: how long a pause still lasts. Nothing else depends on it.</param>
    public StoreContent Content(DateTimeOffset now) => new(
        Leadership?.Value,
        Leadership?.Revision ?? Revision.None,
        SystemIdentifier?.Value,
        Switchover?.Value,
        Pause?.Value.At(now))
    {
        Region = Region?.Value,
        RegionRevision = Region?.Revision ?? Revision.None,
        ArchiveSlots = [.. Repositories.Select(repository => repository.SlotName)],
    };

    /// <summary>Where backups and WAL go.</summary>
    public ImmutableArray<RepositorySettings> Repositories => Backup?.Value.Repositories ?? [];

    /// <param name="expected">Of the record that this one replaces; <see cref="Revision.None"/> for the first.</param>
    public static StoreTransaction ChangeBackup(Revision expected, BackupSettings settings) =>
        StoreTransaction.Swap(BackupKey, expected, BackupCodec.Encode(settings));

    /// <summary>Takes the turn, keeps it, or gives it up (null).</summary>
    /// <param name="expected">Of the record that this one replaces; <see cref="Revision.None"/> for the first.</param>
    public static StoreTransaction ChangeTurn(Revision expected, TurnRecord? next) =>
        StoreTransaction.Swap(TurnKey, expected, next?.Encode());

    /// <param name="expected">Of the record that this one replaces; <see cref="Revision.None"/> for the first.</param>
    /// <param name="settings">Null: the cluster has no proxy any more.</param>
    public static StoreTransaction ChangeProxy(Revision expected, ProxySettings? settings) =>
        StoreTransaction.Swap(ProxyKey, expected, settings is null ? null : ProxyCodec.Encode(settings));

    /// <summary>Refused when the cluster exists already.</summary>
    /// <param name="proxy">Null: the cluster begins without one.</param>
    public static StoreTransaction Create(ClusterSpec spec, BackupSettings backup, ProxySettings? proxy = null) => new(
        [new StoreCondition(SpecKey, Revision.None), new StoreCondition(BackupKey, Revision.None)],
        [
            new StorePut(SpecKey, SpecCodec.Encode(spec)),
            new StorePut(BackupKey, BackupCodec.Encode(backup)),
            .. proxy is null ? [] : new[] { new StorePut(ProxyKey, ProxyCodec.Encode(proxy)) },
        ]);

    /// <summary>A cluster that begins as another one's follower has that one's data, and so its identity.</summary>
    public static StoreTransaction Create(
        ClusterSpec spec, BackupSettings backup, ProxySettings? proxy, (Region Region, ulong SystemIdentifier) follower)
    {
        var alone = Create(spec, backup, proxy);
        return alone with
        {
            Puts = alone.Puts.AddRange(
                new StorePut(IdentityKey, IdentityCodec.Encode(follower.SystemIdentifier)),
                new StorePut(RegionKey, RegionCodec.Encode(follower.Region))),
        };
    }

    /// <summary>By an operator's command.</summary>
    /// <param name="expected">Of the record that this one replaces; <see cref="Revision.None"/> for the first.</param>
    /// <param name="next">Null: the cluster stands alone.</param>
    public static StoreTransaction ChangeRegion(Revision expected, Region? next) =>
        StoreTransaction.Swap(RegionKey, expected, next is null ? null : RegionCodec.Encode(next));

    /// <summary>By the member that holds the lease as it stands at <paramref name="leadership"/>.</summary>
    public static StoreTransaction ChangeRegion(Revision leadership, Revision expected, Region next) => new(
        [new StoreCondition(LeadershipKey, leadership), new StoreCondition(RegionKey, expected)],
        [new StorePut(RegionKey, RegionCodec.Encode(next))]);

    public static StoreTransaction ChangeSpec(Revision expected, ClusterSpec spec) =>
        StoreTransaction.Swap(SpecKey, expected, SpecCodec.Encode(spec));

    /// <summary>Acquires, renews or releases the lease: one swap covers it and the synchronous set.</summary>
    public static StoreTransaction WriteLeadership(Revision expected, Leadership next) =>
        StoreTransaction.Swap(LeadershipKey, expected, LeadershipCodec.Encode(next));

    /// <summary>
    /// Once for ever, and only by the member that holds the lease at <paramref name="leadership"/>: of two members that
    /// both bootstrapped, one is the cluster.
    /// </summary>
    public static StoreTransaction PublishIdentity(Revision leadership, ulong systemIdentifier) => new(
        [new StoreCondition(IdentityKey, Revision.None), new StoreCondition(LeadershipKey, leadership)],
        [new StorePut(IdentityKey, IdentityCodec.Encode(systemIdentifier))]);

    /// <summary>The first reign of a cluster whose data was not initialised but restored.</summary>
    public static StoreTransaction BeginRestored(ulong systemIdentifier, Leadership first) => new(
        [new StoreCondition(IdentityKey, Revision.None), new StoreCondition(LeadershipKey, Revision.None)],
        [
            new StorePut(IdentityKey, IdentityCodec.Encode(systemIdentifier)),
            new StorePut(LeadershipKey, LeadershipCodec.Encode(first)),
        ]);

    /// <summary>Refused while another request is open.</summary>
    public static StoreTransaction RequestSwitchover(SwitchoverRequest request) =>
        StoreTransaction.Swap(SwitchoverKey, Revision.None, SwitchoverCodec.Encode(request));

    /// <param name="expected">Of the very request that is done or refused.</param>
    public static StoreTransaction CloseSwitchover(Revision expected) =>
        StoreTransaction.Swap(SwitchoverKey, expected, null);

    /// <param name="expected">Of the pause that this one replaces, run out or not.</param>
    public static StoreTransaction BeginPause(Revision expected, PauseRecord pause) =>
        StoreTransaction.Swap(PauseKey, expected, PauseCodec.Encode(pause));

    public static StoreTransaction Resume(Revision expected) => StoreTransaction.Swap(PauseKey, expected, null);

    /// <param name="expected">Of the record that this one replaces; <see cref="Revision.None"/> for the first.</param>
    public static StoreTransaction ChangeConfiguration(Revision expected, ConfigurationState next) =>
        StoreTransaction.Swap(ConfigurationKey, expected, ConfigurationCodec.Encode(next));

    /// <summary>
    /// The rollout has reached every member: its candidate becomes the configuration, and is remembered; of the oldest
    /// that are remembered, one is forgotten.
    /// </summary>
    public static StoreTransaction CommitConfiguration(Revision expected, ConfigurationState next)
    {
        var forgotten = VersionKey(next.Current.Number - VersionsKept);
        return new StoreTransaction(
            [new StoreCondition(ConfigurationKey, expected)],
            [
                new StorePut(ConfigurationKey, ConfigurationCodec.Encode(next)),
                new StorePut(VersionKey(next.Current.Number), ConfigurationCodec.EncodeVersion(next.Current)),
                new StorePut(forgotten, null),
            ]);
    }

    /// <summary>The configurations that the cluster once had, oldest first.</summary>
    public static ImmutableArray<ConfigurationVersion> DecodeVersions(StoreRead.Content content) =>
    [
        .. content.Records
            .Where(record => record.Key.StartsWith(VersionKeys, StringComparison.Ordinal))
            .Select(record => RecordFields.Decode(record.Key, record.Value, ConfigurationCodec.Version))
            .OrderBy(version => version.Number),
    ];

    private static string VersionKey(long number) =>
        VersionKeys + Math.Max(0, number).ToString("D10", System.Globalization.CultureInfo.InvariantCulture);

    private static Stored<T>? Decode<T>(
        StoreRead.Content content, string key, Stored<T>? previous, Func<RecordFields, T> decode)
    {
        if (content.Find(key) is not { } record)
            return null;
        return previous?.Revision == record.Revision
            ? previous
            : new Stored<T>(RecordFields.Decode(key, record.Value, decode), record.Revision);
    }
}

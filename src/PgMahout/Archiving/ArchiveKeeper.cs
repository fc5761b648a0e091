using PgMahout.Backup.Archiving;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Hosts;
using PgMahout.Postgres;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Replication;

namespace PgMahout.Archiving;

/// <summary>Archives into one repository, from the moment it is made until it is disposed of.</summary>
internal sealed class ArchiveKeeper : IAsyncDisposable
{
    private static readonly ByteSize MostBehind = ByteSize.Megabytes(16);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ArchivedCluster _cluster;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _work;
    private readonly FreeSpace _repositoryDisk = new();
    private readonly FreeSpace _primaryDisk = new();
    private readonly RateMeter _pace = new(TimeSpan.FromMinutes(5));
    private volatile Archiver? _archiver;
    private volatile Repository? _repository;
    private volatile Problem? _unopened;
    private DateTime _unopenedSince;

    public ArchiveKeeper(RepositorySettings settings, ulong systemIdentifier, ArchivedCluster cluster)
    {
        Settings = settings;
        SystemIdentifier = systemIdentifier;
        _cluster = cluster;
        _work = Task.Run(RunAsync);
    }

    public RepositorySettings Settings { get; }

    public ulong SystemIdentifier { get; }

    /// <summary>What can be restored, as it was last looked at.</summary>
    public Restorable Restorable { get; private set; } = Restorable.Unknown;

    /// <summary>Why the last backup, expiry or drill failed; null when it did not.</summary>
    public string? LastFailure { get; set; }

    /// <summary>
    /// This archiver is the one that has the slot, and so the one that makes backups. On one machine there is no other.
    /// </summary>
    public bool IsInCharge => !HostHome.Is(_cluster.Home) || _archiver?.Status.State == ArchiveState.Streaming;

    public void Wake() => _archiver?.Wake();

    /// <summary>What can be restored now; null while the repository cannot be read.</summary>
    public async Task<Restorable?> LookAsync(CancellationToken cancellation)
    {
        if (_repository is not { } repository)
            return null;
        var looked = await Restorable.LookAsync(repository, SystemIdentifier, cancellation);
        if (!looked.TryGet(out var seen))
            return null;
        return Restorable = seen;
    }

    public ArchiveReport Report()
    {
        var status = _archiver?.Status ?? ArchiveStatus.AtStart;
        var elsewhere = HostHome.Is(_cluster.Home) && status.Problem?.Code == ReplicationProblems.SlotInUseCode;
        var problem = _unopened ?? (elsewhere ? null : status.Problem);
        var pace = status.Timeline is null ? default : _pace.Of(BootClock.Now(), status.Confirmed);
        return new ArchiveReport(
            Settings.Name,
            Settings.Address,
            _unopened is not null ? "stuck" : elsewhere ? "elsewhere" : Word(status.State),
            status.Timeline?.Value,
            status.Timeline is null ? null : status.Received.ToString(),
            status.Timeline is null ? null : status.Confirmed.ToString(),
            status.Timeline is null ? null : Math.Round(status.Lag.TotalSeconds, 3),
            status.Timeline is null ? null : status.Behind.Bytes,
            problem is null ? null : $"{problem.What} ({problem.Why})",
            _unopened is not null ? _unopenedSince : status.Since?.UtcDateTime,
            Restorable.LastBackup is null && status.Gap is { } gap ? gap.Why : null,
            Restorable.LastBackup is { } last ? Of(last) : null,
            Restorable.From?.UtcDateTime,
            Restorable.ProvenAt?.UtcDateTime,
            LastFailure)
        {
            BytesPerSecond = pace.Bytes,
            RepositoryFullInSeconds = _repositoryDisk.Of(Settings.Address) is { } free
                ? FillForecast.Until(free, pace.Bytes)?.TotalSeconds
                : null,
            PrimaryFullInSeconds = problem is null ? null : PrimaryFull(status)?.TotalSeconds,
        };
    }

    /// <summary>Only while every byte is to be kept: else the slot is given up before that.</summary>
    private TimeSpan? PrimaryFull(ArchiveStatus status) =>
        _cluster.Records.Backup?.Value.WhenUnreachable == WhenUnreachable.KeepEveryByte
        && _cluster.Leader is { } leader
        && _primaryDisk.Of(Path.Combine(_cluster.Home.DataDirectory(leader.Name), "pg_wal")) is { } free
            ? FillForecast.OfPrimary(free, status.Behind, status.Lag)
            : null;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _work;
        _ending.Dispose();
    }

    /// <summary>
    /// A primary that is to hand over stops only when its receivers have everything: an archive that is far behind is
    /// caught up from the next one, which has the same WAL.
    /// </summary>
    private ReplicationTarget? Primary =>
        _cluster.Records.Switchover is not null && _archiver?.Status.Behind > MostBehind ? null : _cluster.Primary;

    private static BackupReport Of(BackupHead head) => new(
        head.Id.Text, BackupWords.Of(head.Kind), head.StoppedAt.UtcDateTime, head.Size.Bytes, head.Stored.Bytes);

    private static string Word(ArchiveState state) => state switch
    {
        ArchiveState.Starting or ArchiveState.Connecting => "connecting",
        ArchiveState.NoPrimary => "waiting",
        ArchiveState.Streaming => "streaming",
        ArchiveState.Refused => "foreign",
        ArchiveState.RepositoryFailing => "stuck",
        ArchiveState.Stopped => "stopped",
    };

    private async Task RunAsync()
    {
        try
        {
            await using var opened = await OpenAsync(_ending.Token);
            _repository = opened.Repository;
            var archive = new WalArchive(opened.Repository, SystemIdentifier);
            using var index = new ArchiveIndexing(archive);
            await using var slot = new SlotWatch(Settings.SlotName, () => _cluster.PrimaryLogin);
            var archiver = new Archiver(
                archive,
                new ArchiverSettings(SystemIdentifier, Settings.SlotName),
                _ => ValueTask.FromResult(Primary),
                index.Sink,
                TimeProvider.System)
            {
                Slot = slot,
            };
            _archiver = archiver;
            var names = new CatalogKeeping(new CatalogArchive(opened.Repository, SystemIdentifier), _cluster);
            await Task.WhenAll(
                archiver.RunAsync(_ending.Token), index.RunAsync(_ending.Token), names.RunAsync(_ending.Token));
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The repository was taken away, or the process ends.
        }
        catch (Exception broken)
        {
            // The supervisor starts the process anew; half an archiver would be worse than none.
            ArchiverProcess.Say($"archiving into {Settings.Name} broke: {broken}");
            Environment.FailFast(null);
        }
    }

    /// <summary>Again and again: a directory that is not mounted yet will be.</summary>
    private async Task<OpenRepository> OpenAsync(CancellationToken cancellation)
    {
        var pause = TimeSpan.FromMilliseconds(200);
        while (true)
        {
            var owner = new RepositoryOwner(_cluster.Records.Spec!.Value.Name, SystemIdentifier, AdmitNewSystem: false);
            var opened = await RepositoryOpening.OpenAsync(Settings, owner, cancellation);
            if (opened.TryGet(out var repository))
            {
                _unopened = null;
                return repository;
            }
            if (_unopened?.Code != opened.Failure!.Code)
            {
                _unopenedSince = TimeProvider.System.GetUtcNow().UtcDateTime;
                ArchiverProcess.Say(opened.Failure.ToString());
            }
            _unopened = opened.Failure;
            await Task.Delay(pause, cancellation);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}

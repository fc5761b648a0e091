using System.Diagnostics;
using Npgsql;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Replication;
using PgMahout.Tests.Backup;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>
/// An archiver that a test starts, kills and starts again, over one repository: in memory, unless it gets another.
/// </summary>
internal sealed class ArchiveRun : IAsyncDisposable
{
    public const string Slot = RepositorySettings.SlotPrefix + "test";
    private static readonly TimeSpan Limit = LoneServer.Limit;

    private CancellationTokenSource _cancellation = new();
    private Task _running = Task.CompletedTask;
    private readonly SlotWatch _slot;
    private ReplicationTarget? _primary;

    private ArchiveRun(UnreliableStore store, WalArchive archive)
    {
        _slot = new SlotWatch(Slot, () => Login(Volatile.Read(ref _primary)));
        Store = store;
        Archive = archive;
    }

    public UnreliableStore Store { get; }

    public WalArchive Archive { get; }

    public Archiver? Archiver { get; private set; }

    public ArchiveStatus Status => Archiver!.Status;

    public List<WalSegment> Sunk { get; } = [];

    public Func<ArchiverSettings, ArchiverSettings> Adjust { get; init; } = settings => settings;

    public static async Task<ArchiveRun> StartAsync(
        ReplicationTarget primary, Func<ArchiverSettings, ArchiverSettings>? adjust = null,
        IObjectStore? elsewhere = null)
    {
        ulong system;
        using (var connection = TestMember.Done(ReplicationConnection.Open(primary, Limit, default)))
            system = TestMember.Done(connection.IdentifySystem(Limit)).SystemIdentifier;
        var store = new UnreliableStore();
        var owner = new RepositoryOwner("test", system, false);
        var compression = Compression.Of(CompressionKind.Lz4, null);
        var repository = TestMember.Done(await Repository.OpenAsync(
            elsewhere ?? store, owner, compression, null, default));
        var run = new ArchiveRun(store, new WalArchive(repository, system)) { Adjust = adjust ?? (same => same) };
        run.Start(primary);
        return run;
    }

    /// <summary>A new archiver that knows nothing but the repository.</summary>
    public void Start(ReplicationTarget? primary)
    {
        _primary = primary;
        _cancellation = new CancellationTokenSource();
        Archiver = new Archiver(
            Archive,
            Adjust(new ArchiverSettings(Archive.SystemIdentifier, Slot)),
            _ => ValueTask.FromResult(Volatile.Read(ref _primary)),
            new Sink(Sunk),
            TimeProvider.System)
        {
            Slot = _slot,
        };
        _running = Archiver.RunAsync(_cancellation.Token);
    }

    public void Follow(ReplicationTarget? primary)
    {
        Volatile.Write(ref _primary, primary);
        Archiver!.Wake();
    }

    /// <summary>Gives up whatever is not stored.</summary>
    public async Task KillAsync()
    {
        await _cancellation.CancelAsync();
        await _running.WaitAsync(Limit);
        _cancellation.Dispose();
    }

    public async Task<ArchiveStatus> UntilAsync(Func<ArchiveStatus, bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition(Status))
        {
            if (_running.IsFaulted)
                await _running;
            Assert.True(watch.Elapsed < Limit, $"still {Status}");
            await Task.Delay(2);
        }
        return Status;
    }

    public Task<ArchiveStatus> ReachesAsync(Lsn lsn) => UntilAsync(status => status.Confirmed >= lsn);

    /// <summary>Everything of this timeline from there to the end equals the server's files.</summary>
    public async Task<int> SameAsFilesAsync(string walDirectory, TimelineId timeline, Lsn from, Lsn to)
    {
        var buffer = new byte[WalSegment.DefaultSize];
        var compared = 0;
        for (var segment = WalSegment.At(new WalPosition(timeline, from), WalSegment.DefaultSize);
            segment.Start < to;
            segment = segment.Next)
        {
            var prefix = TestMember.Done(await Archive.ReadAsync(segment, buffer, default));
            Assert.True(prefix.IsWhole || new Lsn(segment.Start.Value + (ulong)prefix.Length) >= to, $"{segment}");
            var file = await File.ReadAllBytesAsync(Path.Combine(walDirectory, segment.Name));
            Assert.True(
                buffer.AsSpan(0, prefix.Length).SequenceEqual(file.AsSpan(0, prefix.Length)), $"{segment} differs");
            compared++;
        }
        return compared;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_cancellation.IsCancellationRequested)
            await KillAsync();
        await _slot.DisposeAsync();
    }

    public static string? Login(ReplicationTarget? primary) => primary is null
        ? null
        : new NpgsqlConnectionStringBuilder
        {
            Host = primary.Host,
            Port = primary.Port,
            Username = primary.User,
            Password = primary.Password,
            Database = "postgres",
        }.ConnectionString;

    private sealed class Sink(List<WalSegment> sunk) : ISegmentSink
    {
        public ValueTask ArchivedAsync(
            WalSegment segment, ReadOnlyMemory<byte> content, CancellationToken cancellation)
        {
            Assert.Equal((int)segment.Size, content.Length);
            lock (sunk)
                sunk.Add(segment);
            return ValueTask.CompletedTask;
        }
    }
}

using System.Runtime.InteropServices;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// Looks at the disks of a data directory from a thread of its own: on a disk that hangs, a look may never return, and
/// nobody here waits for it. It writes as PostgreSQL does: over a block of a file beside the WAL, and down to the disk.
/// </summary>
public sealed class DiskProbe : IDisposable
{
    // As a temporary file of PostgreSQL's: base backups and pg_rewind leave those out.
    private const string FileName = "pgsql_tmp.pgmahout";

    private const int BlockBytes = 4096;
    private const int StackBytes = 256 << 10;

    private readonly string _data;
    private readonly AutoResetEvent _asked = new(false);
    private DiskState _last = DiskState.Well;
    private long _begunAt;
    private bool _writes;
    private bool _ended;

    /// <param name="dataDirectory">It may be missing or empty; then nothing is known.</param>
    public DiskProbe(string dataDirectory)
    {
        _data = dataDirectory;
        new Thread(Run, StackBytes) { IsBackground = true, Name = "disk probe" }.Start();
    }

    /// <summary>Begins another look, unless one is under way; returns at once.</summary>
    /// <param name="writes">Whether to write, too; otherwise only what is left is looked at.</param>
    public void Ask(bool writes)
    {
        if (Interlocked.CompareExchange(ref _begunAt, BootClock.Now().Nanoseconds, 0) != 0)
            return;
        Volatile.Write(ref _writes, writes);
        _asked.Set();
    }

    /// <summary>
    /// What the last look that ended found, and for how long one is under way (<see cref="DiskState.Waited"/>).
    /// </summary>
    public DiskState Seen(Instant now)
    {
        var since = Volatile.Read(ref _begunAt);
        return Volatile.Read(ref _last) with
        {
            Waited = since == 0 ? TimeSpan.Zero : now - new Instant(since),
        };
    }

    /// <summary>A look that hangs is left alone: its thread ends with the process, or when the disk answers.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _ended, true);
        _asked.Set();
    }

    /// <summary>
    /// What is left for a data directory and its WAL at this moment, where less is left. May take as long as a disk
    /// that hangs.
    /// </summary>
    /// <returns>Null when there is no data directory, or none that can be looked at.</returns>
    public static DiskState? RoomNow(string dataDirectory)
    {
        try
        {
            var wal = Path.Combine(dataDirectory, "pg_wal");
            if (!Directory.Exists(wal))
                return null;
            var (data, own) = (RoomOf(dataDirectory), RoomOf(wal));
            return own.Free.Bytes - own.Low.Bytes < data.Free.Bytes - data.Low.Bytes ? own : data;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Run()
    {
        while (_asked.WaitOne() && !Volatile.Read(ref _ended))
        {
            Volatile.Write(ref _last, Look(Volatile.Read(ref _writes)));
            Volatile.Write(ref _begunAt, 0);
        }
        _asked.Dispose();
    }

    private DiskState Look(bool writes)
    {
        var wal = Path.Combine(_data, "pg_wal");
        var refuses = writes && Directory.Exists(wal) ? Write(Path.Combine(wal, FileName)) : null;
        return RoomNow(_data) is { } room ? room with { Refuses = refuses } : DiskState.Well;
    }

    private static DiskState RoomOf(string directory)
    {
        // By the real path: a WAL directory can be a link to another disk.
        var real = new DirectoryInfo(directory).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? directory;
        var drive = new DriveInfo(real);
        return new DiskState(
            new ByteSize(drive.AvailableFreeSpace),
            DiskState.LowOf(new ByteSize(drive.TotalSize)),
            TimeSpan.Zero,
            null);
    }

    /// <returns>Why it could not be written; null when it is on disk.</returns>
    private static string? Write(string path)
    {
        try
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            RandomAccess.Write(file.SafeFileHandle, new byte[BlockBytes], 0);
            return LibC.FlushData(file.SafeFileHandle) == 0 ? null : Marshal.GetLastPInvokeErrorMessage();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}

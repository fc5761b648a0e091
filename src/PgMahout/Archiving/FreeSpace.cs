using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Archiving;

/// <summary>
/// What is free on the file system of a directory, looked at now and then beside everything else: a file server that
/// has gone may never answer.
/// </summary>
internal sealed class FreeSpace
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private const long Unknown = -1;

    private string? _path;
    private long _free = Unknown;
    private Instant _lookedAt;
    private Task _looking = Task.CompletedTask;

    /// <summary>
    /// As last seen; null before that, and when there is no such directory here: a bucket, or another host's. Called by
    /// one at a time.
    /// </summary>
    public ByteSize? Of(string path)
    {
        var now = BootClock.Now();
        if (path != _path)
            (_path, _free, _lookedAt) = (path, Unknown, default);
        if (_looking.IsCompleted && (_lookedAt == default || now - _lookedAt > Every))
        {
            _lookedAt = now;
            _looking = Task.Run(() =>
            {
                var free = Look(path);
                if (path == _path)
                    Volatile.Write(ref _free, free);
            });
        }
        return Volatile.Read(ref _free) is >= 0 and var free ? new ByteSize(free) : null;
    }

    private static long Look(string path)
    {
        try
        {
            return Path.IsPathRooted(path) && Directory.Exists(path)
                ? new DriveInfo(path).AvailableFreeSpace
                : Unknown;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return Unknown;
        }
    }
}

using System.IO.MemoryMappedFiles;
using System.Text;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Guarding;

/// <summary>
/// The moment at which a member's PostgreSQL must be dead, shared between the agent, which moves it forward with every
/// renewal, and the guard, which obeys it. A memory-mapped file: written without a system call, and it outlives the
/// agent. Instants of an earlier boot are void.
/// </summary>
public sealed class LeaseDeadline : IDisposable
{
    private const int DeadlineAt = 0;
    private const int BootAt = 8;
    private const int Size = 16;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _boot = Fingerprint(BootClock.BootId);

    private LeaseDeadline(MemoryMappedFile file)
    {
        _file = file;
        _view = file.CreateViewAccessor(0, Size);
    }

    /// <summary>Opens the file, creating it (mode 0600, nothing armed) if it is missing.</summary>
    public static LeaseDeadline Open(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        var stream = new FileStream(path, options);
        if (stream.Length < Size)
            stream.SetLength(Size);
        return new LeaseDeadline(MemoryMappedFile.CreateFromFile(
            stream, null, Size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false));
    }

    /// <summary>When the server must be dead; null when nothing demands it.</summary>
    public Instant? Read()
    {
        if (_view.ReadInt64(BootAt) != _boot)
            return null;
        var nanoseconds = _view.ReadInt64(DeadlineAt);
        return nanoseconds == 0 ? null : new Instant(nanoseconds);
    }

    public void Arm(Instant deadline)
    {
        // The deadline first: a guard that sees the new boot must not see an old boot's deadline with it.
        _view.Write(DeadlineAt, deadline.Nanoseconds);
        _view.Write(BootAt, _boot);
    }

    /// <summary>Only where no server runs, or one that is in recovery and follows.</summary>
    public void Disarm() => _view.Write(DeadlineAt, 0L);

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>FNV-1a, 64 bits: enough to tell one boot from another.</summary>
    private static long Fingerprint(string text)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var octet in Encoding.ASCII.GetBytes(text))
            hash = (hash ^ octet) * 0x100000001B3;
        return unchecked((long)hash);
    }
}

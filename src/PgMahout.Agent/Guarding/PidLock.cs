using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PgMahout.Agent.Guarding;

/// <summary>
/// A file that one process holds locked for as long as it lives, with its pid inside. The kernel drops the lock with
/// the process, however it dies, so the lock, not the number, says whether anybody is there.
/// </summary>
public sealed partial class PidLock : IDisposable
{
    private const int ReadWrite = 0x2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;

    // Locks of the open file, not of the process (F_OFD_*): asking who holds one takes none, so that a question never
    // makes somebody else's attempt fail.
    private const int AskLock = 36;
    private const int SetLock = 37;
    private const short Exclusive = 1;
    private const short Unlocked = 2;

    private readonly SafeFileHandle _file;

    private PidLock(SafeFileHandle file) => _file = file;

    /// <summary>Null when another process holds it.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static PidLock? TryTake(string path)
    {
        var file = OpenFile(path, ReadWrite | Create | CloseOnExec)
            ?? throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        var wanted = new FileLock { Type = Exclusive };
        if (fcntl(file, SetLock, ref wanted) != 0)
        {
            file.Dispose();
            return null;
        }
        var taken = new PidLock(file);
        taken.Claim();
        return taken;
    }

    /// <summary>
    /// The lock of another process, which has lent the descriptor: held from now on by whichever lives longer. It names
    /// the other one until <see cref="Claim"/>.
    /// </summary>
    /// <param name="descriptor">Owned by the lock from now on.</param>
    public static PidLock Lent(int descriptor) => new(new SafeFileHandle(descriptor, ownsHandle: true));

    /// <summary>To be lent to another process; this one's all the same.</summary>
    public int Descriptor => (int)_file.DangerousGetHandle();

    /// <summary>Whoever asks is told that this process holds it.</summary>
    public void Claim()
    {
        var pid = Encoding.ASCII.GetBytes(
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture).PadRight(10) + "\n");
        RandomAccess.Write(_file, pid, 0);
    }

    /// <summary>The pid of the process that holds the lock; null when nobody does, or the file is missing.</summary>
    public static int? Holder(string path)
    {
        using var file = OpenFile(path, ReadWrite | CloseOnExec);
        var found = new FileLock { Type = Exclusive };
        if (file is null || fcntl(file, AskLock, ref found) != 0 || found.Type == Unlocked)
            return null;
        Span<byte> digits = stackalloc byte[16];
        var length = RandomAccess.Read(file, digits, 0);
        var text = Encoding.ASCII.GetString(digits[..length]).Trim();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }

    /// <summary>
    /// Whether the file at that place is still the one this process holds: a home may be deleted and made anew.
    /// </summary>
    public static bool IsOurs(string path) => Holder(path) == Environment.ProcessId;

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle? OpenFile(string path, int flags)
    {
        var descriptor = open(path, flags, 0x180);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

#pragma warning disable CA5392, SYSLIB1054, IDE1006 // the C library's own names
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, ref FileLock request);
#pragma warning restore CA5392, SYSLIB1054, IDE1006

    /// <summary>struct flock; zeroes mean the whole file.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Pid;
    }
}

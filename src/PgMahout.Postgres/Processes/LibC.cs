using System.Runtime.InteropServices;

namespace PgMahout.Postgres.Processes;

/// <summary>The few system calls for which .NET has no equivalent.</summary>
internal static unsafe partial class LibC
{
    public const int ClockBootTime = 7;
    public const int NoSuchProcess = 3;
    public const short PollIn = 1;

    // The same numbers on every 64-bit architecture; glibc has had wrappers only since 2.36.
    private const long PidfdSendSignal = 424;
    private const long PidfdOpenNumber = 434;

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct PasswordEntry
    {
        public byte* Name;
        public byte* Password;
        public uint Uid;
        public uint Gid;
        public byte* Comment;
        public byte* Home;
        public byte* Shell;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    public static partial int ClockGetTime(int clock, out TimeSpec time);

    /// <summary>Fills 256 bytes of which each field has the same place on every architecture.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatX(int directory, string path, int flags, uint mask, byte* buffer);

    /// <summary>What was written is on disk, without the times of the file.</summary>
    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int FlushData(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollDescriptor* descriptors, ulong count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int AdviseMemory(void* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    public static partial int TrimHeap(nuint keep);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ReadLink(string path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string created);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FindPassword(
        string name, PasswordEntry* entry, byte* buffer, nuint size, PasswordEntry** result);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    public static partial int FindPassword(
        uint user, PasswordEntry* entry, byte* buffer, nuint size, PasswordEntry** result);

    /// <summary>Of the process itself; what .NET calls the environment is a copy.</summary>
    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "initgroups", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TakeGroups(string user, uint group);

    // glibc carries these two over to every thread of the process.
    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    public static partial int SetGroup(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    public static partial int SetUser(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long first, long second, long third, long fourth);

    /// <summary>The user id that owns a file; statx, because its layout is the same on every architecture.</summary>
    public static uint OwnerOf(string path)
    {
        const int CurrentDirectory = -100;
        const uint WantUid = 0x8;
        const int UidOffset = 20;
        var buffer = stackalloc byte[256];
        if (Status(CurrentDirectory, path, 0, WantUid, buffer) != 0)
            throw new IOException($"cannot look at {path}: error {Marshal.GetLastPInvokeError()}");
        return *(uint*)(buffer + UidOffset);
    }

    /// <summary>
    /// Device and inode of an open file, as fstat has them (a device number as glibc puts it together); null when it
    /// cannot be told.
    /// </summary>
    public static (ulong Device, ulong Inode)? IdentityOf(int descriptor)
    {
        const int EmptyPath = 0x1000;
        const uint WantInode = 0x100;
        const int InodeOffset = 32;
        const int MajorOffset = 136;
        const int MinorOffset = 140;
        var buffer = stackalloc byte[256];
        if (Status(descriptor, "", EmptyPath, WantInode, buffer) != 0)
            return null;
        ulong major = *(uint*)(buffer + MajorOffset), minor = *(uint*)(buffer + MinorOffset);
        var device = ((major & 0xFFFFF000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFFFF00) << 12)
            | (minor & 0xFF);
        return (device, *(ulong*)(buffer + InodeOffset));
    }

    /// <summary>A descriptor that becomes readable when the process ends; -1 if there is none.</summary>
    public static int PidfdOpen(int pid) => (int)SystemCall(PidfdOpenNumber, pid, 0, 0, 0);

    public static bool PidfdSignal(int descriptor, int signal) =>
        SystemCall(PidfdSendSignal, descriptor, signal, 0, 0) == 0;
}

/// <summary>Signals by their numbers on Linux.</summary>
internal static class Signal
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int User1 = 10;
    public const int Terminate = 15;
}

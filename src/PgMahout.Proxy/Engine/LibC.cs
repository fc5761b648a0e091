using System.Runtime.InteropServices;

namespace PgMahout.Proxy.Engine;

/// <summary>
/// The system calls of the loop. Those that return at once are made without telling the garbage collector; only the
/// loop's own wait may be interrupted by it.
/// </summary>
internal static unsafe partial class LibC
{
    public const int Again = 11;
    public const int Interrupted = 4;
    public const int ConnectionAborted = 103;
    public const int NoBuffers = 105;
    public const int Cancelled = 125;
    public const int InProgress = 115;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int NoSignal = 0x4000;
    public const int WaitAll = 0x100;
    public const int DoNotWait = 0x40;
    public const int TooManyReferences = 109;
    public const int CloseOnExecOfReceived = 0x40000000;
    public const int GetFlags = 3;
    public const int SetFlags = 4;

    private const int ClockBootTime = 7;

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>One stretch of memory in a gathered write.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Piece
    {
        public byte* Memory;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    public static int LastError => Marshal.GetLastSystemError();

    public static long BootTime()
    {
        TimeSpec time;
        _ = ClockGetTime(ClockBootTime, &time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    [SuppressGCTransition]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect")]
    [SuppressGCTransition]
    public static partial int Connect(int descriptor, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "bind")]
    [SuppressGCTransition]
    public static partial int Bind(int descriptor, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "listen")]
    [SuppressGCTransition]
    public static partial int Listen(int descriptor, int backlog);

    [LibraryImport("libc", EntryPoint = "accept4")]
    [SuppressGCTransition]
    public static partial int Accept(int descriptor, byte* address, uint* length, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    [SuppressGCTransition]
    public static partial int SetOption(int descriptor, int level, int name, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    [SuppressGCTransition]
    public static partial int GetOption(int descriptor, int level, int name, int* value, uint* length);

    [LibraryImport("libc", EntryPoint = "getpeername")]
    [SuppressGCTransition]
    public static partial int PeerName(int descriptor, byte* address, uint* length);

    [LibraryImport("libc", EntryPoint = "recv")]
    [SuppressGCTransition]
    public static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send")]
    [SuppressGCTransition]
    public static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    [SuppressGCTransition]
    public static partial nint SendMessage(int descriptor, MessageHeader* message, int flags);

    // Waits: it may take as long as the other side.
    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int AwaitClient(int descriptor, byte* address, uint* length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "close")]
    [SuppressGCTransition]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    [SuppressGCTransition]
    public static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl")]
    [SuppressGCTransition]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    public static partial int EventDescriptor(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    [SuppressGCTransition]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write")]
    [SuppressGCTransition]
    public static partial nint Write(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(nint address, nuint length);

    // glibc has no wrappers for io_uring.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Call(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int ClockGetTime(int clock, TimeSpec* time);
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PgMahout.Agent.Addressing;

/// <summary>
/// A socket of a family that .NET does not know: netlink, or packets of one network card. It stays in the network
/// namespace of the thread that opened it.
/// </summary>
internal sealed unsafe partial class KernelSocket : IDisposable
{
    public const int Netlink = 16;
    public const int Packet = 17;
    public const int RouteProtocol = 0;
    public const int SocketProtocol = 4;

    private const int Raw = 3;
    private const int Datagram = 2;
    private const int CloseOnExec = 0x80000;
    private const short Readable = 1;
    private const int DoNotWait = 0x40;

    private readonly SafeFileHandle _descriptor;

    private KernelSocket(SafeFileHandle descriptor) => _descriptor = descriptor;

    /// <summary>Null, with the reason, where the kernel does not allow it.</summary>
    /// <param name="protocol">Of packets: in the network's order of octets.</param>
    public static KernelSocket? Open(int family, int protocol, out string complaint)
    {
        var descriptor = socket(family, (family == Netlink ? Raw : Datagram) | CloseOnExec, protocol);
        complaint = descriptor < 0 ? Complaint("a socket") : "";
        return descriptor < 0 ? null : new KernelSocket(new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>Null when done; else why not.</summary>
    public string? Bind(ReadOnlySpan<byte> address)
    {
        fixed (byte* at = address)
            return bind(_descriptor, at, (uint)address.Length) == 0 ? null : Complaint("bind");
    }

    /// <summary>Null when done; else why not.</summary>
    public string? Send(ReadOnlySpan<byte> message, ReadOnlySpan<byte> to)
    {
        fixed (byte* bytes = message, at = to)
            return sendto(_descriptor, bytes, (nuint)message.Length, 0, at, (uint)to.Length) == message.Length
                ? null
                : Complaint("send");
    }

    /// <summary>By netlink. Null when done; else why not.</summary>
    public string? SendToKernel(ReadOnlySpan<byte> message)
    {
        Span<byte> kernel = stackalloc byte[12];
        BitConverter.TryWriteBytes(kernel, (ushort)Netlink);
        return Send(message, kernel);
    }

    /// <summary>The length of the next datagram, cut to the buffer; 0 when none came in time, or it was lost.</summary>
    public int Receive(Span<byte> buffer, TimeSpan limit)
    {
        var wanted = new Waiting { Descriptor = (int)_descriptor.DangerousGetHandle(), Events = Readable };
        var milliseconds = (int)Math.Ceiling(Math.Max(0, limit.TotalMilliseconds));
        if (poll(&wanted, 1, milliseconds) <= 0)
            return 0;
        fixed (byte* at = buffer)
            return (int)Math.Max(0, recv(_descriptor, at, (nuint)buffer.Length, DoNotWait));
    }

    public void Dispose() => _descriptor.Dispose();

    public static string Complaint(string what, int? error = null) =>
        $"{what}: {Marshal.GetPInvokeErrorMessage(error ?? Marshal.GetLastPInvokeError())}";

    [StructLayout(LayoutKind.Sequential)]
    private struct Waiting
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

#pragma warning disable CA5392, SYSLIB1054, IDE1006 // the C library's own names
    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeFileHandle descriptor, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(
        SafeFileHandle descriptor, byte* bytes, nuint count, int flags, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeFileHandle descriptor, byte* bytes, nuint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Waiting* descriptors, ulong count, int milliseconds);
#pragma warning restore CA5392, SYSLIB1054, IDE1006
}

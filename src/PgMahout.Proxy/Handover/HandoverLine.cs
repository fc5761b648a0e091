using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Proxy.Engine;

namespace PgMahout.Proxy.Handover;

internal enum LineSending
{
    Sent,

    /// <summary>The other side has to read first; nothing of it was sent.</summary>
    Full,

    /// <summary>It will never go through.</summary>
    TooLong,
    Broken,
}

/// <summary>
/// A unix socket between a proxy process and the one that takes its place: whole messages, with descriptors. One thread
/// may send while another receives.
/// </summary>
internal sealed unsafe class HandoverLine(int descriptor) : IDisposable
{
    public const int BothWays = 2;

    // The kernel takes a message whole or not at all, up to about the size of its buffer.
    private const int LongestMessage = 128 << 10;
    private const int MostDescriptors = 8;
    private const int HeaderSize = 16;
    private const int SequencedPackets = 5;
    private const int SocketLevel = 1;
    private const int Rights = 1;
    private const int ReceiveLimit = 20;

    private readonly byte[] _buffer = new byte[LongestMessage];

    /// <summary>A socket at which one successor is awaited; only this user can reach it.</summary>
    /// <exception cref="IOException">It cannot be made there.</exception>
    public static int Listen(string path)
    {
        File.Delete(path);
        var listening = Open(path, (socket, name, length) => LibC.Bind(socket, name, length));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // Nobody could connect before this.
        _ = LibC.Listen(listening, 1);
        return listening;
    }

    /// <returns>Null when nobody came within the limit.</returns>
    public static HandoverLine? Accept(int listening, TimeSpan limit)
    {
        Limit(listening, limit);
        var accepted = LibC.AwaitClient(listening, null, null, LibC.CloseOnExec);
        return accepted < 0 ? null : new HandoverLine(accepted);
    }

    /// <exception cref="IOException">Nobody listens there.</exception>
    public static HandoverLine Connect(string path) =>
        new(Open(path, (socket, name, length) => LibC.Connect(socket, name, length)));

    public LineSending Send(HandoverMessage message, params ReadOnlySpan<int> descriptors)
    {
        var bytes = HandoverCodec.Encode(message);
        if (bytes.Length > LongestMessage)
            return LineSending.TooLong;
        var control = stackalloc long[(HeaderSize + MostDescriptors * sizeof(int)) / sizeof(long)];
        fixed (byte* memory = bytes)
        {
            var piece = new LibC.Piece { Memory = memory, Length = (nuint)bytes.Length };
            var header = new LibC.MessageHeader { Pieces = &piece, PieceCount = 1 };
            if (!descriptors.IsEmpty)
            {
                control[0] = HeaderSize + descriptors.Length * sizeof(int);
                ((int*)control)[2] = SocketLevel;
                ((int*)control)[3] = Rights;
                descriptors.CopyTo(new Span<int>((byte*)control + HeaderSize, MostDescriptors));
                header.Control = (byte*)control;
                header.ControlLength = (nuint)((control[0] + 7) & ~7);
            }
            if (LibC.SendMessage(descriptor, &header, LibC.NoSignal | LibC.DoNotWait) >= 0)
                return LineSending.Sent;
        }
        return LibC.LastError is LibC.Again or LibC.TooManyReferences or LibC.NoBuffers
            ? LineSending.Full
            : LineSending.Broken;
    }

    /// <summary>The next message with its descriptors, which are the caller's then.</summary>
    /// <param name="limit">Null: as long as it takes.</param>
    /// <returns>Null at the end, and after the limit.</returns>
    /// <exception cref="ProtocolException">It is not one of this version.</exception>
    public (HandoverMessage Message, ImmutableArray<int> Descriptors)? Receive(TimeSpan? limit = null)
    {
        Limit(descriptor, limit ?? TimeSpan.Zero);
        var control = stackalloc long[(HeaderSize + MostDescriptors * sizeof(int)) / sizeof(long)];
        nint length;
        LibC.MessageHeader header;
        fixed (byte* memory = _buffer)
        {
            var piece = new LibC.Piece { Memory = memory, Length = LongestMessage };
            do
            {
                header = new LibC.MessageHeader
                {
                    Pieces = &piece,
                    PieceCount = 1,
                    Control = (byte*)control,
                    ControlLength = HeaderSize + MostDescriptors * sizeof(int),
                };
                length = LibC.ReceiveMessage(descriptor, &header, LibC.CloseOnExecOfReceived);
            }
            while (length < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == LibC.Interrupted);
        }
        if (length <= 0)
            return null;
        ImmutableArray<int> descriptors = header.ControlLength >= HeaderSize
            ? [.. new ReadOnlySpan<int>((byte*)control + HeaderSize, (int)(control[0] - HeaderSize) / sizeof(int))]
            : [];
        try
        {
            return (HandoverCodec.Decode(_buffer.AsSpan(0, (int)length)), descriptors);
        }
        catch (ProtocolException)
        {
            foreach (var one in descriptors)
                _ = LibC.Close(one);
            throw;
        }
    }

    /// <summary>Who waits in <see cref="Receive"/> gets null, on both sides.</summary>
    public void End() => _ = LibC.Shutdown(descriptor, BothWays);

    public void Dispose() => _ = LibC.Close(descriptor);

    private delegate int Attach(int socket, byte* name, uint length);

    private static int Open(string path, Attach attach)
    {
        var name = stackalloc byte[SocketName.Room];
        var address = new ServerAddress.UnixSocket(path);
        var length = (uint)SocketName.Write(address, new Span<byte>(name, SocketName.Room));
        var socket = LibC.Socket(SocketName.UnixFamily, SequencedPackets | LibC.CloseOnExec, 0);
        if (socket >= 0 && attach(socket, name, length) == 0)
            return socket;
        var why = Sessions.SystemError.Text(LibC.LastError);
        if (socket >= 0)
            _ = LibC.Close(socket);
        throw new IOException($"{path}: {why}");
    }

    // Zero: none.
    private static void Limit(int socket, TimeSpan limit)
    {
        // struct timeval: seconds, and microseconds.
        var time = stackalloc long[] { (long)limit.TotalSeconds, limit.Milliseconds * 1000 };
        _ = LibC.SetOption(socket, SocketLevel, ReceiveLimit, (int*)time, 2 * sizeof(long));
    }
}

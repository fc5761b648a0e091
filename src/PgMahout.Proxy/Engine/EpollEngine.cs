using System.Runtime.InteropServices;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Proxy.Engine;

/// <summary>
/// Readiness: the kernel says what can be read or written, and it is done at once. What is registered is changed only
/// when a connection stops or begins to want something, not for each message.
/// </summary>
internal sealed unsafe class EpollEngine : IEngine
{
    private const int Readable = 1;
    private const int Writable = 4;
    private const int Ended = 0x8 | 0x10;
    private const int NotRegistered = -1;
    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const int ModifyOperation = 3;
    private const int SocketLevel = 1;
    private const int ErrorOption = 4;
    private const int EventCount = 512;
    private const int MostPieces = 16;

    // The kernel packs events on x86-64 only.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    private readonly ChunkPool _pool;
    private readonly SlotTable _slots = new();
    private readonly int _epoll;
    private readonly int _wake;
    private readonly byte* _events = (byte*)NativeMemory.Alloc(EventCount * 16);

    public EpollEngine(ChunkPool pool)
    {
        _pool = pool;
        _epoll = LibC.EpollCreate(LibC.CloseOnExec);
        _wake = LibC.EventDescriptor(0, LibC.CloseOnExec | LibC.NonBlocking);
        Register(AddOperation, _wake, Readable, SlotTable.WakeSlot);
    }

    public string Name => "epoll";

    public int SocketFlags => LibC.NonBlocking | LibC.CloseOnExec;

    public void Add(Connection connection)
    {
        connection.Slot = _slots.Add(connection);
        connection.State.Registered = 0;
        Register(AddOperation, connection.Descriptor, 0, connection.Slot);
    }

    public void Connect(Connection connection, ServerAddress address)
    {
        var name = stackalloc byte[SocketName.Room];
        var length = SocketName.Write(address, new Span<byte>(name, SocketName.Room));
        if (LibC.Connect(connection.Descriptor, name, (uint)length) == 0)
        {
            connection.Connected(0);
            return;
        }
        var error = LibC.LastError;
        if (error != LibC.InProgress)
        {
            connection.Connected(error);
            return;
        }
        connection.State.Connecting = true;
        Update(connection);
    }

    public void Receive(Connection connection)
    {
        connection.State.Receiving = true;
        Update(connection);
    }

    public void Send(Connection connection)
    {
        if (connection.State.Sending || connection.State.Connecting || connection.Output.IsEmpty)
            return;
        var any = false;
        while (!connection.Output.IsEmpty)
        {
            var sent = SendPieces(connection);
            if (sent < 0 && LibC.LastError is var error and not LibC.Interrupted)
            {
                connection.State.Sending = error == LibC.Again;
                Update(connection);
                if (error != LibC.Again)
                {
                    connection.Ended(error);
                    return;
                }
                break;
            }
            if (sent > 0)
                connection.Output.Consume((int)sent, _pool);
            any = true;
        }
        if (any)
            connection.Sent();
    }

    private static nint SendPieces(Connection connection)
    {
        var head = connection.Output.Head!;
        if (head.Next is null)
            return LibC.Send(connection.Descriptor, head.Memory + head.Start, (nuint)head.Length, LibC.NoSignal);
        var pieces = stackalloc LibC.Piece[MostPieces];
        var count = 0;
        for (var chunk = head; chunk is not null && count < MostPieces; chunk = chunk.Next)
            pieces[count++] = new LibC.Piece { Memory = chunk.Memory + chunk.Start, Length = (nuint)chunk.Length };
        var message = new LibC.MessageHeader { Pieces = pieces, PieceCount = (nuint)count };
        return LibC.SendMessage(connection.Descriptor, &message, LibC.NoSignal);
    }

    public void Close(Connection connection)
    {
        if (connection.IsClosed)
            return;
        connection.IsClosed = true;
        // Closing takes it out of epoll.
        _ = LibC.Close(connection.Descriptor);
        connection.Output.Clear(_pool);
        _slots.Remove(connection.Slot);
    }

    public void Stop(Connection connection)
    {
        if (!connection.State.Receiving)
            return;
        connection.State.Receiving = false;
        Update(connection);
        connection.Stopped();
    }

    public void Forget(Connection connection)
    {
        Register(RemoveOperation, connection.Descriptor, 0, 0);
        _slots.Remove(connection.Slot);
    }

    public void Listen(IListener listener) =>
        Register(AddOperation, listener.Descriptor, Readable, _slots.Add(listener));

    public void StopListening(IListener listener)
    {
        Register(RemoveOperation, listener.Descriptor, 0, 0);
        _slots.Remove(_slots.Find(listener));
    }

    public void Turn(int milliseconds, Outbox outbox)
    {
        var count = LibC.EpollWait(_epoll, _events, EventCount, milliseconds);
        for (var i = 0; i < count; i++)
        {
            var one = _events + i * EventSize;
            var slot = *(int*)(one + DataOffset);
            if (slot == SlotTable.WakeSlot)
                Drain();
            else if (_slots[slot] is Connection connection)
                Happened(connection, *(int*)one);
            else if (_slots[slot] is IListener listener)
                Accept(listener);
            outbox.Flush(this);
        }
        _slots.EndTurn();
    }

    private void Happened(Connection connection, int events)
    {
        if (connection.State.Connecting)
        {
            connection.State.Connecting = false;
            var error = 0;
            var size = 4u;
            _ = LibC.GetOption(connection.Descriptor, SocketLevel, ErrorOption, &error, &size);
            Update(connection);
            connection.Connected(error);
            return;
        }
        if (connection.State.Sending && (events & ~Readable) != 0)
        {
            connection.State.Sending = false;
            Send(connection);
        }
        if (!connection.IsClosed && connection.State.Receiving && (events & ~Writable) != 0)
            Read(connection);
        if (connection.IsClosed)
            return;
        Update(connection);
        // An end that nobody asks for now would be reported again and again.
        if ((events & Ended) != 0 && connection.State is { Receiving: false, Sending: false })
        {
            Register(RemoveOperation, connection.Descriptor, 0, 0);
            connection.State.Registered = NotRegistered;
        }
    }

    private void Read(Connection connection)
    {
        var chunk = _pool.Rent();
        var count = LibC.Receive(connection.Descriptor, chunk.Memory, Chunk.Size, 0);
        if (count > 0)
        {
            connection.State.Receiving = false;
            chunk.End = (int)count;
            connection.Received(chunk);
            return;
        }
        var error = count == 0 ? 0 : LibC.LastError;
        _pool.Return(chunk);
        if (error is LibC.Again or LibC.Interrupted)
            return;
        connection.State.Receiving = false;
        connection.Ended(error);
    }

    private void Accept(IListener listener)
    {
        // A few at a time: those who are connected already shall not wait for all who come.
        for (var i = 0; i < 64; i++)
        {
            var descriptor = LibC.Accept(listener.Descriptor, null, null, SocketFlags);
            if (descriptor < 0)
                return;
            listener.Accepted(descriptor);
        }
    }

    private void Update(Connection connection)
    {
        if (connection.IsClosed)
            return;
        var wanted = (connection.State.Receiving ? Readable : 0)
            | (connection.State.Sending || connection.State.Connecting ? Writable : 0);
        var known = connection.State.Registered;
        if (wanted == known || (known == NotRegistered && wanted == 0))
            return;
        connection.State.Registered = wanted;
        var operation = known == NotRegistered ? AddOperation : ModifyOperation;
        Register(operation, connection.Descriptor, wanted, connection.Slot);
    }

    private void Register(int operation, int descriptor, int events, int slot)
    {
        var change = stackalloc byte[16];
        *(int*)change = events;
        *(long*)(change + DataOffset) = slot;
        _ = LibC.EpollControl(_epoll, operation, descriptor, change);
    }

    private void Drain()
    {
        long count;
        _ = LibC.Read(_wake, (byte*)&count, 8);
    }

    public void Wake()
    {
        var one = 1L;
        _ = LibC.Write(_wake, (byte*)&one, 8);
    }

    public void Dispose()
    {
        _ = LibC.Close(_epoll);
        _ = LibC.Close(_wake);
        NativeMemory.Free(_events);
    }
}

using System.Runtime.InteropServices;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Proxy.Engine.Uring;

/// <summary>
/// Completion: all that is to be received and sent goes to the kernel in one call for each turn of the loop, and what
/// is done comes back in shared memory.
/// </summary>
internal sealed unsafe class UringEngine : IEngine
{
    private const byte SendMessageOperation = 9;
    private const byte AcceptOperation = 13;
    private const byte CancelOperation = 14;
    private const byte ConnectOperation = 16;
    private const byte ReadOperation = 22;
    private const byte SendOperation = 26;
    private const byte ReceiveOperation = 27;
    private const byte SelectBuffer = 1 << 5;
    private const ushort PollFirst = 1;
    private const ushort Multishot = 1;
    private const uint CancelAll = 1;
    private const uint CancelByDescriptor = 2;
    private const uint HasBuffer = 1;
    private const uint MoreToCome = 2;
    private const uint NotEmpty = 4;
    private const int BufferShift = 16;
    private const int OperationShift = 32;
    private const int MostPieces = 16;
    private const int DisposeTurns = 100;

    private readonly ChunkPool _pool;
    private readonly Ring _ring;
    private readonly BufferRing _buffers;
    private readonly SlotTable _slots = new();
    private readonly Scratch _scratch = new();
    private readonly int _wake;
    private readonly long* _woken = (long*)NativeMemory.AllocZeroed(8);
    private int _underWay;

    private UringEngine(ChunkPool pool, Ring ring, BufferRing buffers)
    {
        _pool = pool;
        _ring = ring;
        _buffers = buffers;
        _wake = LibC.EventDescriptor(0, LibC.CloseOnExec);
        AwaitWake();
    }

    public string Name => "io_uring";

    // Not non-blocking: then the kernel would give up at once instead of waiting.
    public int SocketFlags => LibC.CloseOnExec;

    public static UringEngine? TryMake(ChunkPool pool)
    {
        if (Ring.Open(4096, 16384) is not { } ring)
            return null;
        var buffers = new BufferRing(pool);
        if (buffers.TryRegister(ring))
            return new UringEngine(pool, ring, buffers);
        ring.Dispose();
        buffers.Dispose();
        return null;
    }

    public void Add(Connection connection)
    {
        connection.Slot = _slots.Add(connection);
        connection.State.Registered = 0;
    }

    public void Connect(Connection connection, ServerAddress address)
    {
        var name = _scratch.Take(SocketName.Room, _ring);
        var length = SocketName.Write(address, new Span<byte>(name, SocketName.Room));
        connection.State.Connecting = true;
        ref var submission = ref Submit(connection, ConnectOperation);
        submission.Address = name;
        submission.Offset = (ulong)length;
    }

    public void Receive(Connection connection)
    {
        if (connection.State.Receiving || connection.IsClosed)
            return;
        connection.State.Receiving = true;
        ref var submission = ref Submit(connection, ReceiveOperation);
        submission.Flags = SelectBuffer;
        submission.BufferGroup = BufferRing.Group;
        // Usually the other side is just about to think: trying at once would be in vain.
        submission.Priority = connection.State.More ? (ushort)0 : PollFirst;
    }

    public void Send(Connection connection)
    {
        if (connection.State.Sending || connection.State.Connecting || connection.Output.IsEmpty)
            return;
        connection.State.Sending = true;
        var head = connection.Output.Head!;
        if (head.Next is null)
        {
            ref var one = ref Submit(connection, SendOperation);
            one.Address = head.Memory + head.Start;
            one.Length = (uint)head.Length;
            one.OperationFlags = LibC.NoSignal | LibC.WaitAll;
            return;
        }
        var message = Gather(head);
        ref var many = ref Submit(connection, SendMessageOperation);
        many.Address = message;
        many.Length = 1;
        many.OperationFlags = LibC.NoSignal | LibC.WaitAll;
    }

    private LibC.MessageHeader* Gather(Chunk head)
    {
        var size = sizeof(LibC.MessageHeader) + MostPieces * sizeof(LibC.Piece);
        var message = (LibC.MessageHeader*)_scratch.Take(size, _ring);
        var pieces = (LibC.Piece*)(message + 1);
        var count = 0;
        for (var chunk = head; chunk is not null && count < MostPieces; chunk = chunk.Next)
            pieces[count++] = new LibC.Piece { Memory = chunk.Memory + chunk.Start, Length = (nuint)chunk.Length };
        *message = new LibC.MessageHeader { Pieces = pieces, PieceCount = (nuint)count };
        return message;
    }

    public void Close(Connection connection)
    {
        if (connection.IsClosed)
            return;
        connection.IsClosed = true;
        if (connection.State.Registered == 0)
            Release(connection);
        else
            Cancel(connection.Descriptor);
    }

    public void Stop(Connection connection)
    {
        if (!connection.State.Receiving)
            return;
        ref var submission = ref _ring.Next();
        submission.Operation = CancelOperation;
        submission.Address = (void*)TagOf(connection, ReceiveOperation);
        submission.Tag = (ulong)CancelOperation << OperationShift;
    }

    public void Forget(Connection connection) => _slots.Remove(connection.Slot);

    // Memory that the kernel still reads or fills is not given back before it says that it is done.
    private void Release(Connection connection)
    {
        _ = LibC.Close(connection.Descriptor);
        connection.Output.Clear(_pool);
        _slots.Remove(connection.Slot);
    }

    private void Cancel(int descriptor)
    {
        ref var submission = ref _ring.Next();
        submission.Operation = CancelOperation;
        submission.Descriptor = descriptor;
        submission.OperationFlags = CancelAll | CancelByDescriptor;
        submission.Tag = (ulong)CancelOperation << OperationShift;
    }

    public void Listen(IListener listener) => Accept(listener, _slots.Add(listener));

    private void Accept(IListener listener, int slot)
    {
        ref var submission = ref _ring.Next();
        submission.Operation = AcceptOperation;
        submission.Descriptor = listener.Descriptor;
        submission.Priority = Multishot;
        submission.OperationFlags = (uint)SocketFlags;
        submission.Tag = (uint)slot | ((ulong)AcceptOperation << OperationShift);
    }

    // Who was let in before the kernel has stopped is still reported, and a client like any other.
    public void StopListening(IListener listener)
    {
        listener.IsOver = true;
        Cancel(listener.Descriptor);
        _ring.Enter(0, 0);
    }

    public void Turn(int milliseconds, Outbox outbox)
    {
        _ring.Enter(_ring.IsAnythingDone ? 0u : 1u, milliseconds);
        _scratch.Clear();
        while (_ring.TryTake(out var completion))
            Done(completion);
        outbox.Flush(this);
        _slots.EndTurn();
    }

    private void Done(in Completion completion)
    {
        var owner = _slots[(int)(uint)completion.Tag];
        switch ((byte)(completion.Tag >> OperationShift))
        {
            case ReadOperation:
                AwaitWake();
                break;
            case AcceptOperation:
                Accepted(owner as IListener, completion);
                break;
            case CancelOperation:
                break;
            case var operation:
                Done((Connection)owner!, operation, completion);
                break;
        }
    }

    private void Done(Connection connection, byte operation, in Completion completion)
    {
        _underWay--;
        connection.State.Registered--;
        if (operation == ReceiveOperation)
        {
            Received(connection, completion);
        }
        else if (operation == ConnectOperation)
        {
            connection.State.Connecting = false;
            if (!connection.IsClosed)
                connection.Connected(-completion.Result);
        }
        else
        {
            Sent(connection, completion.Result);
        }
        if (connection is { IsClosed: true, State.Registered: 0 } && _slots[connection.Slot] == connection)
            Release(connection);
    }

    private void Received(Connection connection, in Completion completion)
    {
        connection.State.Receiving = false;
        var chunk = (completion.Flags & HasBuffer) != 0
            ? _buffers.Take((int)(completion.Flags >> BufferShift), Math.Max(0, completion.Result))
            : null;
        connection.State.More = (completion.Flags & NotEmpty) != 0;
        if (!connection.IsClosed && completion.Result > 0)
        {
            connection.Received(chunk!);
            return;
        }
        if (chunk is not null)
            _pool.Return(chunk);
        if (connection.IsClosed)
            return;
        if (-completion.Result is LibC.NoBuffers or LibC.Again or LibC.Interrupted)
            Receive(connection);
        else if (completion.Result == -LibC.Cancelled)
            connection.Stopped();
        else
            connection.Ended(-completion.Result);
    }

    private void Sent(Connection connection, int result)
    {
        connection.State.Sending = false;
        if (connection.IsClosed)
            return;
        if (result < 0 && -result is not (LibC.Again or LibC.Interrupted))
        {
            connection.Ended(-result);
            return;
        }
        if (result > 0)
            connection.Output.Consume(result, _pool);
        Send(connection);
        if (result > 0)
            connection.Sent();
    }

    private void Accepted(IListener? listener, in Completion completion)
    {
        if (completion.Result >= 0 && listener is not null)
            listener.Accepted(completion.Result);
        else if (completion.Result >= 0)
            _ = LibC.Close(completion.Result);
        if ((completion.Flags & MoreToCome) != 0 || listener is null)
            return;
        if (listener.IsOver)
            _slots.Remove((int)(uint)completion.Tag);
        else
            Accept(listener, (int)(uint)completion.Tag);
    }

    private ref Submission Submit(Connection connection, byte operation)
    {
        _underWay++;
        connection.State.Registered++;
        ref var submission = ref _ring.Next();
        submission.Operation = operation;
        submission.Descriptor = connection.Descriptor;
        submission.Tag = TagOf(connection, operation);
        return ref submission;
    }

    private static ulong TagOf(Connection connection, byte operation) =>
        (uint)connection.Slot | ((ulong)operation << OperationShift);

    private void AwaitWake()
    {
        ref var submission = ref _ring.Next();
        submission.Operation = ReadOperation;
        submission.Descriptor = _wake;
        submission.Address = _woken;
        submission.Length = sizeof(long);
        submission.Tag = (ulong)ReadOperation << OperationShift;
    }

    public void Wake()
    {
        var one = 1L;
        _ = LibC.Write(_wake, (byte*)&one, 8);
    }

    public void Dispose()
    {
        // The kernel must be done with the chunks before they are freed.
        var outbox = new Outbox();
        for (var i = 0; i < DisposeTurns && _underWay > 0; i++)
            Turn(10, outbox);
        _ring.Dispose();
        _buffers.Dispose();
        _scratch.Dispose();
        _ = LibC.Close(_wake);
    }
}

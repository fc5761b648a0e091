using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PgMahout.Proxy.Engine.Uring;

/// <summary>What the kernel is asked to do; 64 bytes, as it defines them.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct Submission
{
    [FieldOffset(0)] public byte Operation;
    [FieldOffset(1)] public byte Flags;
    [FieldOffset(2)] public ushort Priority;
    [FieldOffset(4)] public int Descriptor;
    [FieldOffset(8)] public ulong Offset;
    [FieldOffset(16)] public void* Address;
    [FieldOffset(24)] public uint Length;
    [FieldOffset(28)] public uint OperationFlags;
    [FieldOffset(32)] public ulong Tag;
    [FieldOffset(40)] public ushort BufferGroup;
}

/// <summary>What has become of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Completion
{
    public ulong Tag;
    public int Result;
    public uint Flags;
}

/// <summary>
/// The two queues that the kernel shares with us: what it is to do, and what it has done. For one thread. Numbers and
/// layouts are those of io_uring's interface, the same on every architecture.
/// </summary>
internal sealed unsafe class Ring : IDisposable
{
    private const nint SetupCall = 425;
    private const nint EnterCall = 426;
    private const nint RegisterCall = 427;
    private const uint SubmitAll = 1 << 7;
    private const uint CompletionSize = 1 << 3;
    private const uint SingleIssuer = 1 << 12;
    private const uint DeferTaskRun = 1 << 13;
    private const uint SingleMap = 1 << 0;
    private const uint GetEvents = 1 << 0;
    private const uint ExtendedArgument = 1 << 3;
    private const long SubmissionEntries = 0x10000000;
    private const int ReadWrite = 3;
    private const int SharedPopulated = 0x8001;
    private const int Failed = -1;

    private readonly int _descriptor;
    private readonly nint _map;
    private readonly nuint _mapLength;
    private readonly Submission* _submissions;
    private readonly nuint _submissionsLength;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint _submissionMask;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _completionMask;
    private readonly Completion* _completions;
    private uint _tail;
    private uint _submitted;

    [StructLayout(LayoutKind.Sequential)]
    private struct Parameters
    {
        public uint SubmissionEntries, CompletionEntries, Flags, Processor, Idle, Features, WorkQueue;
        public uint Reserved1, Reserved2, Reserved3;
        public Offsets Submission, Completion;
    }

    /// <remarks>For completions the fifth is the overflow and the sixth the entries.</remarks>
    [StructLayout(LayoutKind.Sequential)]
    private struct Offsets
    {
        public uint Head, Tail, Mask, Entries, Fifth, Sixth, Seventh, Reserved;
        public ulong Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WaitArgument
    {
        public ulong SignalMask;
        public uint SignalMaskSize;
        public uint Reserved;
        public LibC.TimeSpec* Limit;
    }

    private Ring(int descriptor, in Parameters parameters)
    {
        _descriptor = descriptor;
        var submission = parameters.Submission;
        var completion = parameters.Completion;
        _mapLength = Math.Max(
            submission.Seventh + parameters.SubmissionEntries * sizeof(uint),
            completion.Sixth + parameters.CompletionEntries * (uint)sizeof(Completion));
        _map = LibC.Map(0, _mapLength, ReadWrite, SharedPopulated, descriptor, 0);
        _submissionsLength = parameters.SubmissionEntries * (nuint)sizeof(Submission);
        _submissions = (Submission*)LibC.Map(
            0, _submissionsLength, ReadWrite, SharedPopulated, descriptor, SubmissionEntries);
        var map = (byte*)_map;
        _submissionHead = (uint*)(map + submission.Head);
        _submissionTail = (uint*)(map + submission.Tail);
        _submissionMask = *(uint*)(map + submission.Mask);
        _completionHead = (uint*)(map + completion.Head);
        _completionTail = (uint*)(map + completion.Tail);
        _completionMask = *(uint*)(map + completion.Mask);
        _completions = (Completion*)(map + completion.Sixth);
        // Entry i of the queue is always submission i.
        var order = (uint*)(map + submission.Seventh);
        for (var i = 0u; i < parameters.SubmissionEntries; i++)
            order[i] = i;
    }

    /// <returns>Null when the kernel has none, forbids it, or has an older one.</returns>
    public static Ring? Open(uint entries, uint completions)
    {
        var parameters = new Parameters
        {
            CompletionEntries = completions,
            Flags = SubmitAll | CompletionSize | SingleIssuer | DeferTaskRun,
        };
        var descriptor = (int)LibC.Call(SetupCall, (nint)entries, (nint)(&parameters), 0, 0, 0, 0);
        if (descriptor < 0)
            return null;
        if ((parameters.Features & SingleMap) == 0)
        {
            _ = LibC.Close(descriptor);
            return null;
        }
        var ring = new Ring(descriptor, parameters);
        if (ring._map != Failed && (nint)ring._submissions != Failed)
            return ring;
        _ = LibC.Close(descriptor);
        return null;
    }

    /// <returns>0 or more; negative when it is refused.</returns>
    public nint Register(int what, void* argument, int count) =>
        LibC.Call(RegisterCall, _descriptor, what, (nint)argument, count, 0, 0);

    /// <summary>An empty one, which goes to the kernel with the next <see cref="Enter"/>.</summary>
    public ref Submission Next()
    {
        if (_tail - Volatile.Read(ref *_submissionHead) > _submissionMask)
            Enter(0, 0);
        ref var next = ref _submissions[_tail++ & _submissionMask];
        next = default;
        return ref next;
    }

    /// <summary>Hands over what is new; then waits until so many are done, or so long.</summary>
    public void Enter(uint wanted, int milliseconds)
    {
        Volatile.Write(ref *_submissionTail, _tail);
        var limit = new LibC.TimeSpec { Seconds = milliseconds / 1000, Nanoseconds = milliseconds % 1000 * 1_000_000L };
        var argument = new WaitArgument { Limit = &limit };
        var count = _tail - _submitted;
        var taken = LibC.Call(
            EnterCall, _descriptor, (nint)count, (nint)wanted, (nint)(GetEvents | ExtendedArgument),
            (nint)(&argument), sizeof(WaitArgument));
        // After an interrupted or ended wait the call fails although everything was taken.
        _submitted = taken >= 0 ? _submitted + (uint)taken : Volatile.Read(ref *_submissionHead);
    }

    public bool IsAnythingDone => Volatile.Read(ref *_completionTail) != *_completionHead;

    public bool TryTake(out Completion completion)
    {
        var head = *_completionHead;
        if (head == Volatile.Read(ref *_completionTail))
        {
            Unsafe.SkipInit(out completion);
            return false;
        }
        completion = _completions[head & _completionMask];
        Volatile.Write(ref *_completionHead, head + 1);
        return true;
    }

    public void Dispose()
    {
        _ = LibC.Unmap((nint)_submissions, _submissionsLength);
        _ = LibC.Unmap(_map, _mapLength);
        _ = LibC.Close(_descriptor);
    }
}

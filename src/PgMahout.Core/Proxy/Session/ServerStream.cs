using System.Runtime.CompilerServices;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Session;

/// <summary>What losing a server at this moment means for what its client had under way.</summary>
public enum LostWork
{
    Nothing,

    /// <summary>It certainly did not commit.</summary>
    RolledBack,

    /// <summary>A commit may have been under way.</summary>
    Unknown,
}

public enum ServerStop
{
    /// <summary>All of it was read.</summary>
    Read,

    /// <summary>
    /// The wait for a synchronous standby was cancelled: the server is about to report a commit that a failover may
    /// undo. Nothing after this was passed on.
    /// </summary>
    Doubtful,
}

/// <summary>Told of what becomes of a client's prepared statements.</summary>
public interface IStatementOwner
{
    void NeverPrepared(Reply parse);

    void NeverClosed(Reply close);

    void AllDeallocated();
}

/// <summary>
/// What a server says: each answer belongs to what was sent, and goes to the client, or nowhere when the client did not
/// ask. A machine without a connection: bytes in, stretches of them out. Nothing is allocated for a message.
/// </summary>
public sealed class ServerStream
{
    // Messages that are looked into are short; a longer one of these types is passed as it is.
    private const int LookedInto = 64 << 10;

    private readonly ReplyQueue _expected = new();
    private HeldBytes _held;
    private byte _type;
    private int _streaming;
    private bool _swallowing;
    private bool _mayCommit;

    // What came last was a ReadyForQuery: after an error the server reads over everything before the next Sync, and
    // between the messages of a batch it has portals.
    private bool _isReady = true;

    public PreparedStatements Prepared { get; } = new();

    /// <summary>Whose work it does; null while it is nobody's.</summary>
    public IStatementOwner? Owner { get; private set; }

    /// <summary>The unnamed statement that it has is of its present owner.</summary>
    public bool HasUnnamed { get; set; }

    /// <summary>As the server reported it last: I, T or E.</summary>
    public byte Status { get; private set; } = (byte)'I';

    /// <summary>In a COPY from the client.</summary>
    public bool CopyingIn { get; private set; }

    /// <summary>The settings that it has now, as far as it reports them or was told.</summary>
    public SessionParameters Parameters { get; set; } = SessionParameters.None;

    /// <summary>A statement that the client did not ask for has failed: this server is not as it should be.</summary>
    public bool IsSpoilt { get; private set; }

    /// <summary>Nothing is owed and no transaction is open: another client may have it.</summary>
    public bool IsFree =>
        _isReady && _expected.IsEmpty && Status == (byte)'I' && _streaming == 0 && _held.IsEmpty;

    /// <summary>How many answers it owes.</summary>
    public int Owed => _expected.Count;

    /// <summary>The answer to the last question where the WAL ends; null until it is there, and if it failed.</summary>
    public Lsn? Position { get; private set; }

    /// <summary>The beginning of a message was passed on, and not its end.</summary>
    public bool IsInMessage => _streaming > 0;

    /// <summary>The present owner was answered something that the server does not know of.</summary>
    public bool HasInvented { get; private set; }

    public void Begin(IStatementOwner owner)
    {
        Owner = owner;
        HasUnnamed = false;
        HasInvented = false;
        _mayCommit = false;
    }

    /// <summary>Nothing of what it was to do has reached the server: the owner's statements are as they were.</summary>
    public void Abandon()
    {
        while (!_expected.IsEmpty)
            Skipped(_expected.Pop());
    }

    public void End() => Owner = null;

    /// <summary>Notes what was sent to the server, or is to be answered in its stead.</summary>
    public void Expect(Reply reply, IPassage client, bool mayCommit = false)
    {
        _isReady = false;
        if (reply.Kind == ReplyKind.Position)
            Position = null;
        _expected.Push(reply);
        _mayCommit |= mayCommit;
        if (reply.Fate == ReplyFate.Invent)
            Settle(client);
    }

    /// <summary>The client has ended its COPY.</summary>
    public void CopyEnded() => CopyingIn = false;

    /// <summary>What it would mean if the server were lost now.</summary>
    public LostWork Lost() => (_expected.IsEmpty && _isReady, Status) switch
    {
        (true, (byte)'I') => LostWork.Nothing,
        (true, _) => LostWork.RolledBack,
        (false, (byte)'T') when !_mayCommit => LostWork.RolledBack,
        (false, (byte)'E') when _expected.Count == 1 => LostWork.RolledBack,
        (false, _) => LostWork.Unknown,
    };

    /// <exception cref="ProtocolException">The server does not keep to the protocol.</exception>
    public ServerStop Read(ReadOnlySpan<byte> input, IPassage client)
    {
        if (_held.IsEmpty)
        {
            var stretch = new Stretch(input, false, client);
            var stop = Walk(ref stretch, client);
            _held.Append(stretch.Rest);
            return stop;
        }
        _held.Append(input);
        var kept = new Stretch(_held.Bytes, true, client);
        var end = Walk(ref kept, client);
        _held.Drop(kept.At);
        return end;
    }

    private ServerStop Walk(ref Stretch stretch, IPassage client)
    {
        while (true)
        {
            if (_streaming == 0 && !Open(stretch.Rest, out var doubtful))
            {
                stretch.Flush();
                return doubtful ? ServerStop.Doubtful : ServerStop.Read;
            }
            var step = Math.Min(_streaming, stretch.Rest.Length);
            if (_swallowing)
                stretch.Skip(step);
            else
                stretch.Pass(step);
            _streaming -= step;
            if (_streaming > 0)
            {
                stretch.Flush();
                return ServerStop.Read;
            }
            Complete();
            if (!_expected.IsEmpty && _expected.Head.Fate == ReplyFate.Invent)
            {
                stretch.Flush();
                Settle(client);
            }
        }
    }

    /// <summary>Begins the next message; false while too little is there, and for the one that ends all.</summary>
    private bool Open(ReadOnlySpan<byte> rest, out bool doubtful)
    {
        doubtful = false;
        if (!MessageHeader.TryRead(rest, out var header))
            return false;
        var length = MessageHeader.Size + header.BodyLength;
        if (IsLookedInto(header) && !LookInto(header.Type, rest, length, out doubtful))
            return false;
        _type = header.Type;
        _streaming = length;
        _swallowing = IsSwallowed(header.Type);
        return true;
    }

    private bool IsLookedInto(MessageHeader header) => header.BodyLength <= LookedInto && header.Type switch
    {
        (byte)'Z' or (byte)'C' or (byte)'S' or (byte)'N' => true,
        (byte)'D' => !_expected.IsEmpty && _expected.Head.Kind == ReplyKind.Position,
        _ => false,
    };

    /// <summary>False while it is not whole, and for the one notice that ends everything.</summary>
    private bool LookInto(byte type, ReadOnlySpan<byte> bytes, int length, out bool doubtful)
    {
        doubtful = false;
        if (bytes.Length < length)
            return false;
        var body = bytes[MessageHeader.Size..length];
        switch (type)
        {
            case (byte)'Z' when body.Length == 1:
                Status = body[0];
                break;
            case (byte)'Z':
                throw new ProtocolException("a ReadyForQuery that says nothing");
            case (byte)'S':
                Reported(body);
                break;
            case (byte)'C' when body.Length > 11 && body[0] == (byte)'D':
                Completed(body[..^1]);
                break;
            case (byte)'D':
                Positioned(DataRow.Read(body));
                break;
            case (byte)'N':
                // The routine's name is the same in every language.
                doubtful = body.IndexOf("RSyncRepWaitForLSN\0"u8) >= 0;
                break;
        }
        return !doubtful;
    }

    private void Positioned(DataRow row)
    {
        if (Lsn.TryParse(row.Text(0), out var lsn))
            Position = lsn;
    }

    private void Reported(ReadOnlySpan<byte> body)
    {
        var reader = new MessageReader(body);
        var name = reader.Text();
        Parameters = Parameters.With(name, reader.Text());
    }

    private void Completed(ReadOnlySpan<byte> tag)
    {
        if (!tag.SequenceEqual("DISCARD ALL"u8) && !tag.SequenceEqual("DEALLOCATE ALL"u8))
            return;
        Prepared.Clear();
        HasUnnamed = false;
        Owner?.AllDeallocated();
    }

    // What our own statements make a server say is not for the client; only if one that the client needs has failed.
    private bool IsSwallowed(byte type) =>
        !_expected.IsEmpty && _expected.Head.Fate == ReplyFate.Swallow
        && type != (byte)'A' && (type != (byte)'E' || !_expected.Head.IsExtended);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Complete()
    {
        switch (_type)
        {
            case (byte)'Z':
                BecameReady();
                break;
            case (byte)'1':
                Answered(ReplyKind.Parse);
                break;
            case (byte)'2':
                Answered(ReplyKind.Bind);
                break;
            case (byte)'3':
                Answered(ReplyKind.Close);
                break;
            case (byte)'T' or (byte)'n':
                AnsweredIf(ReplyKind.Describe);
                break;
            case (byte)'C' or (byte)'s' or (byte)'I':
                AnsweredIf(ReplyKind.Execute);
                break;
            case (byte)'E':
                Failed();
                break;
            case (byte)'G':
                CopyingIn = true;
                _expected.ForgetSyncs();
                break;
        }
    }

    private void BecameReady()
    {
        while (!_expected.IsEmpty && !_expected.Pop().EndsWithReady)
        {
            // Everything before a ReadyForQuery is over with it.
        }
        CopyingIn = false;
        if (!_expected.IsEmpty)
            return;
        _isReady = true;
        _mayCommit = false;
    }

    private void Answered(ReplyKind kind)
    {
        if (_expected.IsEmpty || _expected.Head.Kind != kind)
            throw new ProtocolException($"a server has answered a {kind} that it was not asked for");
        _expected.Pop();
    }

    private void AnsweredIf(ReplyKind kind)
    {
        if (!_expected.IsEmpty && _expected.Head.Kind == kind)
            _expected.Pop();
    }

    /// <summary>In the extended protocol the server skips what follows, up to the next Sync.</summary>
    private void Failed()
    {
        CopyingIn = false;
        if (_expected.IsEmpty)
            return;
        if (!_expected.Head.IsExtended)
        {
            IsSpoilt |= _expected.Head.Fate == ReplyFate.Swallow;
            return;
        }
        while (!_expected.IsEmpty && _expected.Head.Kind != ReplyKind.Sync)
            Skipped(_expected.Pop());
    }

    private void Skipped(Reply reply)
    {
        if (reply.Statement is null)
            return;
        if (reply.Kind == ReplyKind.Parse && reply.Fate != ReplyFate.Invent)
            Prepared.Remove(reply.Statement);
        else if (reply.Kind == ReplyKind.Close && reply.Fate == ReplyFate.Swallow)
            Prepared.Add(reply.Statement);
        if (reply.Name is null)
            return;
        if (reply.Kind == ReplyKind.Parse)
            Owner?.NeverPrepared(reply);
        else
            Owner?.NeverClosed(reply);
    }

    /// <summary>Answers that are made here go out once everything before them has.</summary>
    private void Settle(IPassage client)
    {
        while (_streaming == 0 && !_expected.IsEmpty && _expected.Head.Fate == ReplyFate.Invent)
        {
            HasInvented = true;
            client.Insert(_expected.Pop().Kind == ReplyKind.Parse ? "1\0\0\0\u0004"u8 : "3\0\0\0\u0004"u8);
        }
    }
}

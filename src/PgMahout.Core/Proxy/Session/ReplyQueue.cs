namespace PgMahout.Core.Proxy.Session;

/// <summary>What a client's message has a server answer.</summary>
public enum ReplyKind : byte
{
    /// <summary>Anything up to ReadyForQuery.</summary>
    Query,

    /// <summary>A function call: as a query.</summary>
    Function,

    /// <summary>A query of ours: where the WAL ends.</summary>
    Position,
    Parse,
    Bind,
    Describe,
    Execute,
    Close,

    /// <summary>ReadyForQuery.</summary>
    Sync,
}

public enum ReplyFate : byte
{
    /// <summary>It goes to the client.</summary>
    Forward,

    /// <summary>The client did not ask for it.</summary>
    Swallow,

    /// <summary>The server was not asked: the answer is made here, when its turn comes.</summary>
    Invent,
}

/// <param name="Statement">The prepared statement that a Parse or Close is about.</param>
/// <param name="Name">What the client calls it; null when the client does not know of it.</param>
public readonly record struct Reply(
    ReplyKind Kind, ReplyFate Fate = ReplyFate.Forward, Statement? Statement = null, byte[]? Name = null)
{
    /// <summary>Whether an error in it makes the server skip everything up to the next Sync.</summary>
    public bool IsExtended => Kind switch
    {
        ReplyKind.Query or ReplyKind.Function or ReplyKind.Position or ReplyKind.Sync => false,
        ReplyKind.Parse or ReplyKind.Bind or ReplyKind.Describe or ReplyKind.Execute or ReplyKind.Close => true,
    };

    public bool EndsWithReady => !IsExtended;
}

/// <summary>The answers that a server still owes, in order. Grows with a client's pipeline and is used again.</summary>
public sealed class ReplyQueue
{
    private Reply[] _replies = new Reply[8];
    private int _head;

    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <remarks>Only while there is one.</remarks>
    public ref readonly Reply Head => ref _replies[_head];

    public void Push(Reply reply)
    {
        if (Count == _replies.Length)
            Grow();
        _replies[(_head + Count++) & (_replies.Length - 1)] = reply;
    }

    public Reply Pop()
    {
        var reply = _replies[_head];
        _replies[_head] = default;
        _head = (_head + 1) & (_replies.Length - 1);
        Count--;
        return reply;
    }

    /// <summary>In a COPY from the client a server ignores the Syncs that were sent before it ended.</summary>
    public void ForgetSyncs()
    {
        var count = Count;
        for (var i = 0; i < count; i++)
            if (Pop() is { Kind: not ReplyKind.Sync } reply)
                Push(reply);
    }

    public void Clear()
    {
        while (Count > 0)
            Pop();
    }

    private void Grow()
    {
        var grown = new Reply[_replies.Length * 2];
        for (var i = 0; i < Count; i++)
            grown[i] = _replies[(_head + i) & (_replies.Length - 1)];
        _replies = grown;
        _head = 0;
    }
}

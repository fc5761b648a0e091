using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Core.Proxy.Session;

/// <summary>
/// What a client says, once it has a server. Where servers change with each transaction, its prepared statements are
/// given names of ours and prepared wherever they are missing. A machine without a connection: bytes in, stretches of
/// them out. Nothing is allocated for a message, except for a new statement.
/// </summary>
/// <param name="renames">Whether servers change, so that statements must follow.</param>
/// <param name="limit">Of a message that must be kept whole, in bytes.</param>
public sealed class ClientStream(StatementRegistry registry, bool renames, int limit) : IStatementOwner
{
    // More of them on one server are closed, those first that were not used for longest.
    private const int MostPrepared = 500;

    // The names at the head of a Bind; PostgreSQL's own are at most 63 bytes.
    private const int LongestNames = 4096;

    // One client must not fill the memory with names.
    private const int MostNames = 20_000;

    private readonly Dictionary<byte[], Statement> _names = new(ByContent.Instance);
    private HeldBytes _held;
    private HeldBytes _unnamed;
    private readonly MadeMessages _made = new();
    private int _streaming;

    /// <summary>The beginning of a message was received, and not its end.</summary>
    public bool IsInMessage => _streaming > 0 || !_held.IsEmpty;

    /// <summary>The statement that it calls so; null when it has none.</summary>
    public Statement? Find(ReadOnlySpan<byte> name) =>
        _names.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var statement) ? statement : null;

    /// <summary>What was received of a message and not yet decided on.</summary>
    public ReadOnlySpan<byte> Held => _held.Bytes;

    /// <summary>What was read since it got its present server is read again.</summary>
    public void Rewind()
    {
        _streaming = 0;
        _held.Drop(_held.Length);
    }

    /// <summary>Its statements belong to nobody any more.</summary>
    public void Leave()
    {
        AllDeallocated();
        _unnamed.Drop(_unnamed.Length);
    }

    /// <summary>What it has prepared, for another process: its names, and what follows the name in a Parse.</summary>
    public IEnumerable<(byte[] Name, byte[] Definition)> Prepared =>
        _names.Select(pair => (pair.Key, pair.Value.Definition));

    /// <summary>Of the statement without a name: what follows the name in a Parse; empty when there is none.</summary>
    public ReadOnlySpan<byte> Unnamed => _unnamed.Bytes;

    /// <summary>It has prepared this at another process; servers learn of it when it is used.</summary>
    public void Remember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> definition)
    {
        if (name.IsEmpty)
            _unnamed.Append(definition);
        else
            _names.GetAlternateLookup<ReadOnlySpan<byte>>()[name] = registry.Take(definition);
    }

    /// <exception cref="ProtocolException">The client does not keep to the protocol.</exception>
    public ClientStop Read(ReadOnlySpan<byte> input, ServerStream server, IPassage onward, IPassage back)
    {
        if (_held.IsEmpty)
        {
            var stretch = new Stretch(input, false, onward);
            var stop = Walk(ref stretch, server, back);
            _held.Append(stretch.Rest);
            return stop;
        }
        _held.Append(input);
        if (_held.Length > limit)
            throw new ProtocolException($"a message that must be kept whole has more than {limit} bytes");
        var kept = new Stretch(_held.Bytes, true, onward);
        var end = Walk(ref kept, server, back);
        _held.Drop(kept.At);
        return end;
    }

    private ClientStop Walk(ref Stretch stretch, ServerStream server, IPassage back)
    {
        while (true)
        {
            if (_streaming == 0)
            {
                if (!MessageHeader.TryRead(stretch.Rest, out var header))
                    break;
                if (header.Type == (byte)'X')
                {
                    stretch.Flush();
                    return ClientStop.Terminated;
                }
                _streaming = MessageHeader.Size + header.BodyLength;
                var message = stretch.Rest[..Math.Min(_streaming, stretch.Rest.Length)];
                if (renames && !IsEnough(header, message))
                {
                    _streaming = 0;
                    break;
                }
                Take(header.Type, message, ref stretch, server, back);
            }
            var step = Math.Min(_streaming, stretch.Rest.Length);
            stretch.Pass(step);
            _streaming -= step;
            if (_streaming > 0)
                break;
        }
        stretch.Flush();
        return ClientStop.Read;
    }

    /// <summary>Whether so much of it is there that it can be decided what becomes of it.</summary>
    private static bool IsEnough(MessageHeader header, ReadOnlySpan<byte> message)
    {
        if (message.Length - MessageHeader.Size == header.BodyLength)
            return true;
        switch (header.Type)
        {
            case (byte)'P' or (byte)'D' or (byte)'C':
                return false;
            case (byte)'B':
                var body = message[MessageHeader.Size..];
                var portal = body.IndexOf((byte)0);
                if (portal >= 0 && body[(portal + 1)..].Contains((byte)0))
                    return true;
                return message.Length < LongestNames ? false : throw new ProtocolException("a Bind without names");
            default:
                return true;
        }
    }

    private void Take(byte type, ReadOnlySpan<byte> message, ref Stretch stretch, ServerStream server, IPassage back)
    {
        switch (type)
        {
            case (byte)'Q' when renames && _names.Count > 0 && Deallocates(message, ref stretch, server, back):
                break;
            case (byte)'Q':
                server.Expect(new Reply(ReplyKind.Query), back, MayCommit(message, server));
                break;
            case (byte)'F':
                server.Expect(new Reply(ReplyKind.Function), back);
                break;
            case (byte)'P':
                Parse(message, ref stretch, server, back);
                break;
            case (byte)'B':
                Bind(message, ref stretch, server, back);
                break;
            case (byte)'D':
                Describe(message, ref stretch, server, back);
                break;
            case (byte)'E':
                server.Expect(new Reply(ReplyKind.Execute), back);
                break;
            case (byte)'C':
                Close(message, ref stretch, server, back);
                break;
            case (byte)'S':
                // In a COPY from the client the server reads over it.
                if (!server.CopyingIn)
                    server.Expect(new Reply(ReplyKind.Sync), back);
                break;
            case (byte)'c' or (byte)'f':
                server.CopyEnded();
                break;
            case (byte)'H' or (byte)'d':
                break;
            default:
                throw new ProtocolException($"a client may not send a message of type {type} here");
        }
    }

    // Outside of a transaction block everything may commit, whatever it is.
    private static bool MayCommit(ReadOnlySpan<byte> query, ServerStream server)
    {
        if (server.Status != (byte)'T')
            return false;
        var text = query[MessageHeader.Size..];
        return text.IsEmpty || text[^1] != 0 || StatementJudge.MayCommit(text[..^1]);
    }

    private void Parse(ReadOnlySpan<byte> message, ref Stretch stretch, ServerStream server, IPassage back)
    {
        var body = message[MessageHeader.Size..];
        var end = body.IndexOf((byte)0);
        if (!renames || end < 0)
        {
            server.Expect(new Reply(ReplyKind.Parse), back, mayCommit: true);
            return;
        }
        var name = body[..end];
        var definition = body[(end + 1)..];
        if (name.IsEmpty)
        {
            _unnamed.Drop(_unnamed.Length);
            _unnamed.Append(definition);
            server.HasUnnamed = true;
            server.Expect(new Reply(ReplyKind.Parse), back, MayCommit(definition));
            return;
        }
        var names = _names.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (names.TryGetValue(name, out var present))
        {
            // An error, and it must be the server's: it also ends the transaction.
            Prepare(present, ref stretch, server, back);
            server.Expect(new Reply(ReplyKind.Parse), back);
            Replace((byte)'P', present.ServerName, definition, message.Length, ref stretch);
            return;
        }
        if (_names.Count >= MostNames)
            throw new ProtocolException($"a client may not have more than {MostNames} prepared statements");
        var statement = registry.Take(definition);
        names[name] = statement;
        if (server.Prepared.Use(statement))
        {
            stretch.Skip(message.Length);
            _streaming = 0;
            server.Expect(new Reply(ReplyKind.Parse, ReplyFate.Invent, statement, name.ToArray()), back);
            return;
        }
        server.Prepared.Add(statement);
        server.Expect(
            new Reply(ReplyKind.Parse, ReplyFate.Forward, statement, name.ToArray()), back, statement.MayCommit);
        Replace((byte)'P', statement.ServerName, definition, message.Length, ref stretch);
        Evict(ref stretch, server, back);
    }

    private static bool MayCommit(ReadOnlySpan<byte> definition) =>
        definition.IndexOf((byte)0) is var end && (end < 0 || StatementJudge.MayCommit(definition[..end]));

    private void Bind(ReadOnlySpan<byte> message, ref Stretch stretch, ServerStream server, IPassage back)
    {
        var body = message[MessageHeader.Size..];
        var portal = body.IndexOf((byte)0);
        var end = portal < 0 ? -1 : body[(portal + 1)..].IndexOf((byte)0);
        if (!renames || end < 0 || Find(body.Slice(portal + 1, end), ref stretch, server, back) is not { } statement)
        {
            server.Expect(new Reply(ReplyKind.Bind), back);
            return;
        }
        server.Expect(new Reply(ReplyKind.Bind), back, statement.MayCommit);
        // The parameters that follow the names may be long, and still on their way.
        var head = MessageHeader.Size + portal + 1 + end;
        var grown = statement.ServerName.Length - end;
        var portalName = body[..(portal + 1)];
        _made.Head((byte)'B', _streaming + grown, portalName, statement.ServerName, ref stretch);
        stretch.Skip(head);
        _streaming -= head;
    }

    private void Describe(ReadOnlySpan<byte> message, ref Stretch stretch, ServerStream server, IPassage back)
    {
        var statement = StatementNamed(message) is { Length: > 0 } name
            ? Find(name[..^1], ref stretch, server, back)
            : null;
        server.Expect(new Reply(ReplyKind.Describe), back);
        if (statement is null)
            return;
        _made.About((byte)'D', statement, ref stretch);
        stretch.Skip(message.Length);
        _streaming = 0;
    }

    private void Close(ReadOnlySpan<byte> message, ref Stretch stretch, ServerStream server, IPassage back)
    {
        var name = StatementNamed(message);
        if (name.Length == 1)
            _unnamed.Drop(_unnamed.Length);
        if (name.Length <= 1
            || !_names.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(name[..^1], out var own, out var statement))
        {
            server.Expect(new Reply(ReplyKind.Close), back);
            return;
        }
        // Servers keep it: others may have prepared the same.
        registry.Release(statement);
        stretch.Skip(message.Length);
        _streaming = 0;
        server.Expect(new Reply(ReplyKind.Close, ReplyFate.Invent, statement, own), back);
    }

    /// <summary>
    /// In words instead of by a message, as some drivers do it: the server is told its own name of the statement, and
    /// answers.
    /// </summary>
    private bool Deallocates(
        ReadOnlySpan<byte> message, ref Stretch stretch, ServerStream server, IPassage back)
    {
        var text = message[MessageHeader.Size..];
        if (message.Length != _streaming || text.IsEmpty || server.Status == (byte)'E'
            || !Deallocation.TryParse(text[..^1], out var order) || order.IsAll)
            return false;
        Span<byte> name = stackalloc byte[Deallocation.LongestName];
        name = name[..order.CopyName(name)];
        if (!_names.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(name, out _, out var statement))
            return false;
        Prepare(statement, ref stretch, server, back);
        server.Expect(new Reply(ReplyKind.Query), back);
        server.Prepared.Remove(statement);
        byte[] words = [.. "DEALLOCATE "u8, .. statement.ServerName];
        Replace((byte)'Q', words, default, message.Length, ref stretch);
        registry.Release(statement);
        return true;
    }

    /// <summary>Of a Describe or Close of a statement: its name with the zero byte; otherwise empty.</summary>
    private ReadOnlySpan<byte> StatementNamed(ReadOnlySpan<byte> message) =>
        renames && message.Length > MessageHeader.Size + 1
        && message[MessageHeader.Size] == (byte)'S' && message[^1] == 0
            ? message[(MessageHeader.Size + 1)..]
            : default;

    /// <summary>
    /// The statement that this client calls so, prepared on the server by now. Null when the client has none: then the
    /// server may know what it means, or how to refuse it.
    /// </summary>
    private Statement? Find(ReadOnlySpan<byte> name, ref Stretch stretch, ServerStream server, IPassage back)
    {
        if (name.IsEmpty)
        {
            PrepareUnnamed(ref stretch, server, back);
            return null;
        }
        if (Find(name) is not { } statement)
            return null;
        Prepare(statement, ref stretch, server, back);
        return statement;
    }

    private void Prepare(Statement statement, ref Stretch stretch, ServerStream server, IPassage back)
    {
        if (server.Prepared.Use(statement))
            return;
        server.Prepared.Add(statement);
        server.Expect(new Reply(ReplyKind.Parse, ReplyFate.Swallow, statement), back);
        _made.Insert((byte)'P', statement.ServerName, statement.Definition, ref stretch);
        Evict(ref stretch, server, back);
    }

    private void PrepareUnnamed(ref Stretch stretch, ServerStream server, IPassage back)
    {
        if (server.HasUnnamed || _unnamed.IsEmpty)
            return;
        server.HasUnnamed = true;
        server.Expect(new Reply(ReplyKind.Parse, ReplyFate.Swallow), back, MayCommit(_unnamed.Bytes));
        _made.Insert((byte)'P', default, _unnamed.Bytes, ref stretch);
    }

    private void Evict(ref Stretch stretch, ServerStream server, IPassage back)
    {
        if (server.Prepared.Count <= MostPrepared)
            return;
        var oldest = server.Prepared.LeastRecentlyUsed();
        server.Prepared.Remove(oldest);
        server.Expect(new Reply(ReplyKind.Close, ReplyFate.Swallow, oldest), back);
        _made.About((byte)'C', oldest, ref stretch);
    }

    private void Replace(
        byte type, ReadOnlySpan<byte> name, ReadOnlySpan<byte> rest, int length, ref Stretch stretch)
    {
        _made.Insert(type, name, rest, ref stretch);
        stretch.Skip(length);
        _streaming = 0;
    }

    public void NeverPrepared(Reply parse)
    {
        if (_names.TryGetValue(parse.Name!, out var statement) && statement == parse.Statement)
        {
            _names.Remove(parse.Name!);
            registry.Release(statement);
        }
    }

    public void NeverClosed(Reply close)
    {
        if (_names.TryAdd(close.Name!, close.Statement!))
            registry.TakeAgain(close.Statement!);
    }

    public void AllDeallocated()
    {
        foreach (var statement in _names.Values)
            registry.Release(statement);
        _names.Clear();
    }
}

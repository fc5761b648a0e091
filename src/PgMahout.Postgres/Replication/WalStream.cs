using System.Buffers.Binary;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Replication;

/// <summary>What came next in a stream of WAL.</summary>
public enum StreamStep
{
    /// <summary>WAL, or a sign of life.</summary>
    Message,

    /// <summary>The timeline was left here: <see cref="WalStream.Finish"/> tells for which.</summary>
    Ended,

    /// <summary>The reason is in <see cref="WalStream.Failure"/>.</summary>
    Failed,
}

/// <summary>
/// WAL as it comes. One thread receives; any thread may send a status. Nothing is allocated for a message.
/// </summary>
public sealed class WalStream
{
    private readonly ReplicationConnection _connection;
    private readonly Transport _transport;
    private readonly MessageStream _messages;
    private readonly Lock _sending = new();
    private readonly byte[] _status = new byte[MessageHeader.Size + StandbyStatus.Size];

    internal WalStream(
        ReplicationConnection connection, Transport transport, MessageStream messages, TimeSpan silence)
    {
        _connection = connection;
        _transport = transport;
        _messages = messages;
        transport.SetSilence(silence);
        _status[0] = (byte)'d';
        BinaryPrimitives.WriteInt32BigEndian(_status.AsSpan(1), _status.Length - 1);
    }

    public Problem? Failure { get; private set; }

    /// <summary>Blocks until there is one. Its bytes are valid until the next call.</summary>
    public StreamStep Next(out WalMessage message)
    {
        message = default;
        try
        {
            while (true)
            {
                var body = _messages.Next(out var type);
                switch (type)
                {
                    case BackendType.CopyData:
                        message = WalMessage.Read(body);
                        return StreamStep.Message;
                    case BackendType.CopyDone:
                        return StreamStep.Ended;
                    case BackendType.ErrorResponse:
                        throw new ServerErrorException(ServerError.Read(body));
                    case BackendType.CommandComplete:
                        throw new IOException("the server was shut down");
                    case BackendType.NoticeResponse or BackendType.ParameterStatus:
                        break;
                    default:
                        throw new ProtocolException($"a message of type {type} in a stream of WAL");
                }
            }
        }
        catch (Exception e) when (ReplicationProblems.IsExpected(e))
        {
            Failure = _connection.Fail("receiving WAL", e);
            return StreamStep.Failed;
        }
    }

    /// <summary>False when the connection is gone: then the receiving thread finds out why.</summary>
    public bool TrySend(StandbyStatus status)
    {
        lock (_sending)
        {
            try
            {
                status.Write(_status.AsSpan(MessageHeader.Size));
                _transport.Send(_status);
                return true;
            }
            catch (Exception e) when (ReplicationProblems.IsExpected(e))
            {
                return false;
            }
        }
    }

    /// <summary>Ends the stream at the end of its timeline; the connection is free for commands again.</summary>
    /// <returns>The timeline that goes on, and where it began.</returns>
    public Outcome<WalPosition> Finish(TimeSpan limit) => _connection.Try("ending a timeline", limit, () =>
    {
        lock (_sending)
            _transport.Send(new FrontendWriter().CopyDone().Written);
        return ReplicationConnection.Position(_connection.Drain());
    });

    /// <summary>Closes the connection, from any thread: a receive that blocks ends.</summary>
    public void Abort() => _connection.Dispose();
}

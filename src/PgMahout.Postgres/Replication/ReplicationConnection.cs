using System.Globalization;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Replication;

/// <summary>
/// A session with a walsender. Every call blocks its thread, and none for longer than it says; after one that failed
/// for another reason than a refusal by the server, the connection is of no further use. For one thread at a time.
/// </summary>
public sealed class ReplicationConnection : IDisposable
{
    private readonly Transport _transport;
    private readonly MessageStream _messages;
    private readonly FrontendWriter _writer = new();
    private readonly CancellationTokenRegistration _cancellation;

    private ReplicationConnection(ReplicationTarget target, Transport transport, CancellationToken cancellation)
    {
        Target = target;
        _transport = transport;
        _messages = new MessageStream(transport);
        _cancellation = cancellation.Register(transport.Dispose);
    }

    public ReplicationTarget Target { get; }

    /// <summary>The server's major version.</summary>
    public int Major { get; private set; }

    /// <summary>Whether the server was in recovery when the session began.</summary>
    public bool IsStandby { get; private set; }

    /// <summary>What the server said when it last refused something; null when it never did.</summary>
    public ServerError? Refusal { get; private set; }

    /// <param name="cancellation">Closes the connection, also one that is open for long.</param>
    public static Outcome<ReplicationConnection> Open(
        ReplicationTarget target, TimeSpan limit, CancellationToken cancellation)
    {
        Transport? transport = null;
        try
        {
            transport = Transport.Connect(target, limit, cancellation);
            var connection = new ReplicationConnection(target, transport, cancellation);
            using var bound = transport.Within(limit, CancellationToken.None);
            transport.Secure(target);
            var handshake = new Handshake(target, transport, connection._messages);
            handshake.Run();
            connection.Major = MajorOf(handshake.Parameters.GetValueOrDefault("server_version", ""));
            connection.IsStandby = handshake.Parameters.GetValueOrDefault("in_hot_standby") == "on";
            return new Outcome<ReplicationConnection>.Done(connection);
        }
        catch (Exception e) when (ReplicationProblems.IsExpected(e))
        {
            transport?.Dispose();
            return new Outcome<ReplicationConnection>.Failed(ReplicationProblems.From("connecting", target, e));
        }
    }

    public Outcome<SystemIdentity> IdentifySystem(TimeSpan limit) => Try("IDENTIFY_SYSTEM", limit, () =>
    {
        var row = OneRow("IDENTIFY_SYSTEM");
        return new SystemIdentity(
            ulong.Parse(row.Text(0) ?? "", CultureInfo.InvariantCulture),
            new TimelineId(uint.Parse(row.Text(1) ?? "", CultureInfo.InvariantCulture)),
            Lsn.Parse(row.Text(2) ?? ""));
    });

    /// <summary>The value of a setting, as SHOW tells it.</summary>
    public Outcome<string> Show(string setting, TimeSpan limit) =>
        Try($"SHOW {setting}", limit, () => OneRow($"SHOW {Identifier(setting)}").Text(0) ?? "");

    /// <summary>In bytes.</summary>
    public Outcome<uint> SegmentSize(TimeSpan limit) => Try("SHOW wal_segment_size", limit, () =>
    {
        var text = OneRow("SHOW wal_segment_size").Text(0) ?? "";
        return ParseSize(text) ?? throw new ProtocolException($"'{text}' is not a size of segments");
    });

    /// <summary>Of any timeline but the first, which has none.</summary>
    public Outcome<TimelineHistoryFile> TimelineHistory(TimelineId timeline, TimeSpan limit) =>
        Try($"TIMELINE_HISTORY {timeline}", limit, () =>
        {
            var row = OneRow($"TIMELINE_HISTORY {timeline}");
            return new TimelineHistoryFile(
                row.Text(0) ?? "", row.Values[1] ?? throw new ProtocolException("a history file without content"));
        });

    /// <summary>A physical one that keeps WAL from now on. Done with false when there is one of that name.</summary>
    public Outcome<bool> CreateSlot(string name, TimeSpan limit) => Try($"creating slot {name}", limit, () =>
    {
        try
        {
            Ask($"CREATE_REPLICATION_SLOT {Identifier(name)} PHYSICAL RESERVE_WAL");
            return true;
        }
        catch (ServerErrorException e) when (e.Error.SqlState == SqlState.DuplicateObject)
        {
            return false;
        }
    });

    /// <summary>Done with null when there is no such slot. PostgreSQL 14 cannot tell.</summary>
    public Outcome<SlotReading?> ReadSlot(string name, TimeSpan limit)
    {
        if (Major < 15)
            return new Outcome<SlotReading?>.Failed(
                ReplicationProblems.Unsupported("READ_REPLICATION_SLOT", Target, Major));
        return Try<SlotReading?>($"reading slot {name}", limit, () =>
        {
            var row = OneRow($"READ_REPLICATION_SLOT {Identifier(name)}");
            if (row.Text(0) is null)
                return null;
            return new SlotReading(
                Lsn.TryParse(row.Text(1), out var restart) ? restart : null,
                uint.TryParse(row.Text(2), CultureInfo.InvariantCulture, out var id) ? new TimelineId(id) : null);
        });
    }

    /// <summary>Afterwards there is none of that name; one in use is left alone, and that is a failure.</summary>
    public Outcome DropSlot(string name, TimeSpan limit)
    {
        var outcome = Try($"dropping slot {name}", limit, () =>
        {
            try
            {
                Ask($"DROP_REPLICATION_SLOT {Identifier(name)}");
            }
            catch (ServerErrorException e) when (e.Error.SqlState == SqlState.UndefinedObject)
            {
                // It is as asked.
            }
            return true;
        });
        return outcome.Failure is { } problem ? new Outcome.Failed(problem) : Outcome.Success;
    }

    /// <summary>
    /// Asks for WAL from a position on. Where that timeline is a historic one, the stream ends where it was left.
    /// </summary>
    /// <param name="slot">Null: without one, so that the server may remove what was not sent yet.</param>
    /// <param name="silence">A stream on which nothing comes for longer is taken for dead.</param>
    public Outcome<StreamStart> StartStreaming(string? slot, WalPosition from, TimeSpan limit, TimeSpan silence)
    {
        var through = slot is null ? "" : $"SLOT {Identifier(slot)} ";
        var command = $"START_REPLICATION {through}PHYSICAL {from.Lsn} TIMELINE {from.Timeline}";
        return Try<StreamStart>($"streaming from {from}", limit, () =>
        {
            Send(command);
            while (true)
            {
                var body = _messages.Next(out var type);
                if (type == BackendType.CopyBothResponse)
                    return new StreamStart.Streaming(new WalStream(this, _transport, _messages, silence));
                if (type == BackendType.RowDescription)
                    return new StreamStart.Switched(Position(Drain()));
                Skip(type, body);
            }
        });
    }

    /// <summary>
    /// Takes a base backup over this connection. The receiver gets the bytes as they come, on this thread.
    /// </summary>
    /// <param name="silence">The longest the server may say nothing, its checkpoint at the beginning included.</param>
    public Outcome<BaseBackupEnd> BaseBackup(
        BaseBackupRequest request, IBaseBackupReceiver receiver, TimeSpan silence)
    {
        _transport.SetSilence(silence);
        return Try("BASE_BACKUP", null, () =>
        {
            Send(request.Command(Major));
            return new BaseBackupReading(_messages, receiver, Major).Run();
        });
    }

    public void Dispose()
    {
        _cancellation.Dispose();
        _transport.Dispose();
    }

    /// <summary>Rows of the answers up to ReadyForQuery.</summary>
    internal List<DataRow> Drain()
    {
        var rows = new List<DataRow>();
        ServerError? error = null;
        while (true)
        {
            var body = _messages.Next(out var type);
            if (type == BackendType.ReadyForQuery)
                return error is null ? rows : throw new ServerErrorException(error);
            if (type == BackendType.DataRow)
                rows.Add(DataRow.Read(body));
            else if (type == BackendType.ErrorResponse)
                error = Survived(ServerError.Read(body));
        }
    }

    /// <summary>An error after which the session goes on; after any other nothing more comes.</summary>
    internal static ServerError Survived(ServerError error) =>
        error.Severity == "ERROR" ? error : throw new ServerErrorException(error);

    internal static WalPosition Position(List<DataRow> rows) =>
        rows is [var row] && Lsn.TryParse(row.Text(1), out var lsn)
            && uint.TryParse(row.Text(0), CultureInfo.InvariantCulture, out var timeline)
            ? new WalPosition(new TimelineId(timeline), lsn)
            : throw new ProtocolException("a timeline ended without a next one");

    /// <param name="limit">For all of it; null when each message has a limit of its own.</param>
    internal Outcome<T> Try<T>(string what, TimeSpan? limit, Func<T> act)
    {
        using var bound = limit is { } all ? _transport.Within(all, CancellationToken.None) : null;
        try
        {
            return new Outcome<T>.Done(act());
        }
        catch (Exception e) when (ReplicationProblems.IsExpected(e) || e is FormatException)
        {
            return new Outcome<T>.Failed(Fail(what, e));
        }
    }

    internal Problem Fail(string what, Exception e)
    {
        Refusal = (e as ServerErrorException)?.Error;
        return ReplicationProblems.From(what, Target, e);
    }

    private List<DataRow> Ask(string command)
    {
        Send(command);
        return Drain();
    }

    private DataRow OneRow(string command) =>
        Ask(command) is [var row] ? row : throw new ProtocolException($"{command} was not answered with one row");

    private void Send(string command) => _transport.Send(_writer.Clear().Query(command).Written);

    private void Skip(byte type, ReadOnlySpan<byte> body)
    {
        if (type == BackendType.ErrorResponse)
        {
            var error = Survived(ServerError.Read(body));
            Drain();
            throw new ServerErrorException(error);
        }
        if (type is not (BackendType.NoticeResponse or BackendType.ParameterStatus))
            throw new ProtocolException($"a message of type {type} where a stream should begin");
    }

    private static int MajorOf(string version)
    {
        var digits = version.AsSpan(0, version.AsSpan().IndexOfAnyExceptInRange('0', '9') is >= 0 and var end
            ? end
            : version.Length);
        return int.TryParse(digits, CultureInfo.InvariantCulture, out var major)
            ? major
            : throw new ProtocolException($"'{version}' is not a version of PostgreSQL");
    }

    private static uint? ParseSize(string text) => text switch
    {
        _ when text.EndsWith("MB", StringComparison.Ordinal) && uint.TryParse(text[..^2], out var mb) => mb << 20,
        _ when text.EndsWith("GB", StringComparison.Ordinal) && uint.TryParse(text[..^2], out var gb) => gb << 30,
        _ => null,
    };

    /// <summary>Slots and settings have plain names; anything else would be another command.</summary>
    private static string Identifier(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.')
            ? name
            : throw new ArgumentException($"'{name}' is not the plain name of a slot or setting", nameof(name));
}

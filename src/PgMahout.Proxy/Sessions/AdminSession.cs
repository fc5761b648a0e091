using System.Text;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Admin;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>A client of the console: it asks by simple queries and is answered at once, except for PAUSE.</summary>
internal sealed class AdminSession(ProxyLoop loop, ClientConnection client)
{
    private readonly BackendWriter _writer = new();
    private byte[] _received = [];

    /// <summary>It waits until nothing runs any more.</summary>
    public bool IsPausing { get; private set; }

    /// <summary>pgbouncer: for programs that know only that.</summary>
    public static bool IsConsole(string database) => database is "pgmahout" or "pgbouncer";

    public void Begin()
    {
        if (client.User != loop.Settings.AdminUser)
        {
            client.Refuse("42501", $"only {loop.Settings.AdminUser} may use the console");
            return;
        }
        _writer.Clear()
            .ParameterStatus("server_version", "15.0 (pgmahout)")
            .ParameterStatus("client_encoding", "UTF8")
            .ParameterStatus("server_encoding", "UTF8")
            .ParameterStatus("standard_conforming_strings", "on")
            .BackendKeyData(client.Number, client.CancelKey.AsSpan())
            .ReadyForQuery('I');
        client.Write(_writer.Written);
    }

    public void Take(Chunk chunk)
    {
        _received = [.. _received, .. chunk.Bytes];
        loop.Pool.Return(chunk);
        if (_received.Length > loop.Settings.MessageLimit)
            throw new ProtocolException("a message to the console is too long");
        while (!IsPausing && !client.IsClosed && MessageHeader.TryRead(_received, out var header)
            && _received.Length >= MessageHeader.Size + header.BodyLength)
        {
            var body = _received.AsSpan(MessageHeader.Size, header.BodyLength);
            Answer(header.Type, body);
            _received = _received[(MessageHeader.Size + header.BodyLength)..];
        }
    }

    /// <summary>Nothing runs any more: the pause is there.</summary>
    public void Paused()
    {
        IsPausing = false;
        Complete("PAUSE");
    }

    private void Answer(byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case (byte)'Q':
                _writer.Clear();
                Do(AdminCommand.Parse(Encoding.UTF8.GetString(body.TrimEnd((byte)0))));
                break;
            case (byte)'X':
                client.Close();
                break;
            default:
                client.Refuse("0A000", "the console understands simple queries only");
                break;
        }
    }

    private void Do(AdminCommand command)
    {
        switch (command)
        {
            case AdminCommand.Show show:
                Show(show.Subject);
                break;
            case AdminCommand.Pause pause:
                loop.Orders.Pause(pause.Database);
                IsPausing = true;
                loop.Orders.Pausing.Add(this);
                return;
            case AdminCommand.Resume resume:
                loop.Orders.Resume(resume.Database);
                break;
            case AdminCommand.Kill kill:
                loop.Orders.Kill(kill.Database, client);
                break;
            case AdminCommand.Reconnect reconnect:
                loop.Orders.Reconnect(reconnect.Database);
                break;
            case AdminCommand.Reload:
                loop.ReloadWanted();
                break;
            case AdminCommand.Shutdown:
                Refuse("0A000", "the proxy is kept running by its cluster", "pgmahout proxy settings --off ends it");
                return;
            case AdminCommand.Refused refused:
                Refuse(refused.SqlState, refused.Message, refused.Hint);
                return;
            case AdminCommand.Empty:
                _writer.EmptyQueryResponse().ReadyForQuery('I');
                client.Write(_writer.Written);
                return;
        }
        Complete(command.Tag);
    }

    private void Show(AdminSubject subject)
    {
        var table = AdminTables.For(subject, SnapshotMaker.Make(loop));
        _writer.RowDescription(table.Columns);
        foreach (var row in table.Rows)
            _writer.DataRow(row.AsSpan());
    }

    private void Complete(string tag)
    {
        _writer.CommandComplete(tag).ReadyForQuery('I');
        client.Write(_writer.Written);
        _writer.Clear();
    }

    private void Refuse(string sqlState, string message, string hint)
    {
        _writer.ErrorResponse("ERROR", sqlState, message, hint: hint).ReadyForQuery('I');
        client.Write(_writer.Written);
    }
}

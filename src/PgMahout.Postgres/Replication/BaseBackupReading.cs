using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Replication;

/// <summary>
/// The answer to BASE_BACKUP: until PostgreSQL 14 one COPY for each tablespace and one for the manifest, since 15 a
/// single one whose messages tell what they are.
/// </summary>
internal sealed class BaseBackupReading(MessageStream messages, IBaseBackupReceiver receiver, int major)
{
    private const int SingleCopy = 15;

    // Two empty blocks end a tar archive; until 14 the server leaves them to the client.
    private static readonly byte[] TarEnd = new byte[1024];

    private ImmutableArray<BackupTablespace> _tablespaces;

    public BaseBackupEnd Run()
    {
        var start = Position(Rows());
        _tablespaces = [.. Rows().Select(Tablespace)];
        receiver.Began(new BaseBackupStart(start, _tablespaces));
        var copies = 0;
        while (true)
        {
            var body = messages.Next(out var type);
            switch (type)
            {
                case BackendType.CopyOutResponse when major >= SingleCopy:
                    CopyAll();
                    break;
                case BackendType.CopyOutResponse:
                    CopyOne(copies++);
                    break;
                case BackendType.RowDescription:
                    var end = Position(RowsAfterDescription());
                    UntilReady();
                    return new BaseBackupEnd(end);
                default:
                    Skip(type, body);
                    break;
            }
        }
    }

    private void CopyOne(int number)
    {
        var isArchive = number < _tablespaces.Length;
        if (isArchive)
            receiver.ArchiveBegan(_tablespaces[number] is { Oid: not null } tablespace ? tablespace : null);
        else
            receiver.ManifestBegan();
        while (true)
        {
            var body = messages.Next(out var type);
            if (type == BackendType.CopyDone)
                break;
            if (type == BackendType.CopyData)
                receiver.Content(body);
            else
                Skip(type, body);
        }
        if (isArchive)
            receiver.Content(TarEnd);
    }

    private void CopyAll()
    {
        while (true)
        {
            var body = messages.Next(out var type);
            if (type == BackendType.CopyDone)
                return;
            if (type == BackendType.CopyData)
                Take(new MessageReader(body));
            else
                Skip(type, body);
        }
    }

    private void Take(MessageReader message)
    {
        switch ((char)message.Byte())
        {
            case 'n':
                // The data directory is base.tar; a tablespace is named by its OID, and its place follows.
                var name = Path.GetFileNameWithoutExtension(message.Text());
                var isTablespace = uint.TryParse(name, CultureInfo.InvariantCulture, out var oid);
                receiver.ArchiveBegan(isTablespace ? _tablespaces.First(one => one.Oid == oid) : null);
                break;
            case 'm':
                receiver.ManifestBegan();
                break;
            case 'd':
                receiver.Content(message.Rest);
                break;
            case 'p':
                break;
            default:
                throw new ProtocolException("an unknown kind of message in a base backup");
        }
    }

    private List<DataRow> Rows()
    {
        while (true)
        {
            var body = messages.Next(out var type);
            if (type == BackendType.RowDescription)
                return RowsAfterDescription();
            Skip(type, body);
        }
    }

    private List<DataRow> RowsAfterDescription()
    {
        var rows = new List<DataRow>();
        while (true)
        {
            var body = messages.Next(out var type);
            if (type == BackendType.CommandComplete)
                return rows;
            if (type == BackendType.DataRow)
                rows.Add(DataRow.Read(body));
            else
                Skip(type, body);
        }
    }

    private void UntilReady()
    {
        while (true)
        {
            var body = messages.Next(out var type);
            if (type == BackendType.ReadyForQuery)
                return;
            if (type != BackendType.CommandComplete)
                Skip(type, body);
        }
    }

    private void Skip(byte type, ReadOnlySpan<byte> body)
    {
        if (type == BackendType.ErrorResponse)
        {
            var error = ReplicationConnection.Survived(ServerError.Read(body));
            UntilReady();
            throw new ServerErrorException(error);
        }
        if (type is not (BackendType.NoticeResponse or BackendType.ParameterStatus))
            throw new ProtocolException($"a message of type {type} in a base backup");
    }

    private static WalPosition Position(List<DataRow> rows) =>
        rows is [var row] && Lsn.TryParse(row.Text(0), out var lsn)
            && uint.TryParse(row.Text(1), CultureInfo.InvariantCulture, out var timeline)
            ? new WalPosition(new TimelineId(timeline), lsn)
            : throw new ProtocolException("a base backup without a position");

    private static BackupTablespace Tablespace(DataRow row) => new(
        uint.TryParse(row.Text(0), CultureInfo.InvariantCulture, out var oid) ? oid : null,
        row.Text(1),
        long.TryParse(row.Text(2), CultureInfo.InvariantCulture, out var kilobytes)
            ? ByteSize.Kilobytes(kilobytes)
            : null);
}

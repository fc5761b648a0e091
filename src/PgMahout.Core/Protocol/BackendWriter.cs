using System.Collections.Immutable;
using PgMahout.Core.Proxy.Admin;

namespace PgMahout.Core.Protocol;

/// <summary>Messages of a server, one behind the other in a buffer that grows and is used again.</summary>
public sealed class BackendWriter
{
    private const int TextOid = 25;

    private readonly MessageBuffer _to = new();

    public ReadOnlySpan<byte> Written => _to.Written;

    public BackendWriter Clear()
    {
        _to.Clear();
        return this;
    }

    public BackendWriter AuthenticationOk() => Close(OpenAuthentication(0));

    /// <param name="salt">4 bytes.</param>
    public BackendWriter AuthenticationMd5(ReadOnlySpan<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, 4);
        var start = OpenAuthentication(5);
        _to.Raw(salt);
        return Close(start);
    }

    public BackendWriter AuthenticationSasl(params ReadOnlySpan<string> mechanisms)
    {
        var start = OpenAuthentication(10);
        foreach (var mechanism in mechanisms)
            _to.Text(mechanism);
        _to.Byte(0);
        return Close(start);
    }

    public BackendWriter AuthenticationSaslContinue(string message)
    {
        var start = OpenAuthentication(11);
        _to.Raw(message);
        return Close(start);
    }

    public BackendWriter AuthenticationSaslFinal(string message)
    {
        var start = OpenAuthentication(12);
        _to.Raw(message);
        return Close(start);
    }

    /// <summary>The version that is spoken from here on, 3.<paramref name="newestMinor"/>.</summary>
    /// <param name="unknownOptions">Names beginning with _pq_. that nothing is known of.</param>
    public BackendWriter NegotiateProtocolVersion(int newestMinor, params ReadOnlySpan<string> unknownOptions)
    {
        var start = _to.Open('v');
        _to.Int32(StartupCode.Version3 | newestMinor);
        _to.Int32(unknownOptions.Length);
        foreach (var option in unknownOptions)
            _to.Text(option);
        return Close(start);
    }

    public BackendWriter ParameterStatus(string name, string value)
    {
        var start = _to.Open('S');
        _to.Text(name);
        _to.Text(value);
        return Close(start);
    }

    /// <param name="key">4 bytes in version 3.0 of the protocol.</param>
    public BackendWriter BackendKeyData(int processId, ReadOnlySpan<byte> key)
    {
        var start = _to.Open('K');
        _to.Int32(processId);
        _to.Raw(key);
        return Close(start);
    }

    /// <param name="status">I: idle, T: in a transaction, E: in one that failed.</param>
    public BackendWriter ReadyForQuery(char status)
    {
        var start = _to.Open('Z');
        _to.Byte((byte)status);
        return Close(start);
    }

    /// <param name="severity">ERROR, FATAL or PANIC.</param>
    public BackendWriter ErrorResponse(
        string severity, string sqlState, string message, string? detail = null, string? hint = null) =>
        Report('E', severity, sqlState, (message, detail, hint));

    /// <param name="severity">WARNING, NOTICE, DEBUG, INFO or LOG.</param>
    public BackendWriter NoticeResponse(
        string severity, string sqlState, string message, string? detail = null, string? hint = null) =>
        Report('N', severity, sqlState, (message, detail, hint));

    /// <summary>Columns of type text, in text format.</summary>
    public BackendWriter RowDescription(params ReadOnlySpan<string> columns)
    {
        var start = _to.Open('T');
        _to.Int16(checked((short)columns.Length));
        foreach (var column in columns)
            Column(column, TextOid, -1);
        return Close(start);
    }

    /// <summary>Columns of the console's types, in text format.</summary>
    public BackendWriter RowDescription(ImmutableArray<AdminColumn> columns)
    {
        var start = _to.Open('T');
        _to.Int16(checked((short)columns.Length));
        foreach (var column in columns)
            Column(column.Name, column.TypeOid, column.TypeLength);
        return Close(start);
    }

    private void Column(string name, int type, short length)
    {
        _to.Text(name);
        _to.Int32(0);
        _to.Int16(0);
        _to.Int32(type);
        _to.Int16(length);
        _to.Int32(-1);
        _to.Int16(0);
    }

    /// <summary>Null is NULL.</summary>
    public BackendWriter DataRow(params ReadOnlySpan<string?> values)
    {
        var start = _to.Open('D');
        _to.Int16(checked((short)values.Length));
        foreach (var value in values)
        {
            if (value is null)
            {
                _to.Int32(-1);
                continue;
            }
            _to.Int32(System.Text.Encoding.UTF8.GetByteCount(value));
            _to.Raw(value);
        }
        return Close(start);
    }

    public BackendWriter CommandComplete(string tag)
    {
        var start = _to.Open('C');
        _to.Text(tag);
        return Close(start);
    }

    public BackendWriter EmptyQueryResponse() => Close(_to.Open('I'));

    public BackendWriter ParseComplete() => Close(_to.Open('1'));

    public BackendWriter BindComplete() => Close(_to.Open('2'));

    public BackendWriter CloseComplete() => Close(_to.Open('3'));

    public BackendWriter NoData() => Close(_to.Open('n'));

    private int OpenAuthentication(int code)
    {
        var start = _to.Open('R');
        _to.Int32(code);
        return start;
    }

    private BackendWriter Report(
        char type, string severity, string sqlState, (string Message, string? Detail, string? Hint) words)
    {
        var start = _to.Open(type);
        Field('S', severity);
        Field('V', severity);
        Field('C', sqlState);
        Field('M', words.Message);
        Field('D', words.Detail);
        Field('H', words.Hint);
        _to.Byte(0);
        return Close(start);
    }

    private void Field(char name, string? value)
    {
        if (value is null)
            return;
        _to.Byte((byte)name);
        _to.Text(value);
    }

    private BackendWriter Close(int start)
    {
        _to.Close(start);
        return this;
    }
}

using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>Messages of a client, one behind the other in a buffer that grows and is used again.</summary>
public sealed class FrontendWriter
{
    private readonly MessageBuffer _to = new();

    public ReadOnlySpan<byte> Written => _to.Written;

    public FrontendWriter Clear()
    {
        _to.Clear();
        return this;
    }

    /// <summary>The first message of a session. Pairs of parameter and value: user, database, replication, …</summary>
    public FrontendWriter Startup(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var start = _to.Open();
        _to.Int32(StartupCode.Version3);
        foreach (var (name, value) in parameters)
        {
            _to.Text(name);
            _to.Text(value);
        }
        _to.Byte(0);
        return Close(start);
    }

    /// <summary>Asks, before the session begins, for TLS; the answer is a single byte, S or N.</summary>
    public FrontendWriter SslRequest()
    {
        var start = _to.Open();
        _to.Int32(StartupCode.SslRequest);
        return Close(start);
    }

    /// <summary>Instead of a session: asks to cancel what another one is doing.</summary>
    /// <param name="key">As BackendKeyData had it.</param>
    public FrontendWriter CancelRequest(int processId, ReadOnlySpan<byte> key)
    {
        var start = _to.Open();
        _to.Int32(StartupCode.CancelRequest);
        _to.Int32(processId);
        _to.Raw(key);
        return Close(start);
    }

    public FrontendWriter Query(string sql)
    {
        var start = _to.Open('Q');
        _to.Text(sql);
        return Close(start);
    }

    /// <summary>A password, or the answer made from it.</summary>
    public FrontendWriter Password(string answer)
    {
        var start = _to.Open('p');
        _to.Text(answer);
        return Close(start);
    }

    public FrontendWriter SaslInitial(string mechanism, string first)
    {
        var start = _to.Open('p');
        _to.Text(mechanism);
        _to.Int32(Encoding.UTF8.GetByteCount(first));
        _to.Raw(first);
        return Close(start);
    }

    public FrontendWriter SaslResponse(string response)
    {
        var start = _to.Open('p');
        _to.Raw(response);
        return Close(start);
    }

    public FrontendWriter CopyData(ReadOnlySpan<byte> data)
    {
        var start = _to.Open('d');
        _to.Raw(data);
        return Close(start);
    }

    public FrontendWriter CopyDone() => Close(_to.Open('c'));

    public FrontendWriter Terminate() => Close(_to.Open('X'));

    private FrontendWriter Close(int start)
    {
        _to.Close(start);
        return this;
    }
}

using System.Text;

namespace PgMahout.Agent.Http;

/// <summary>
/// HTTP/1.1 messages over a stream, of which it becomes the owner: a unix socket today, TLS over TCP where agents are
/// on several hosts. What comes after a message stays for the next read.
/// </summary>
internal sealed class HttpWire(Stream stream, HttpLimits limits) : IAsyncDisposable
{
    private const int FirstBytes = 2048;
    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

    private byte[] _buffer = new byte[FirstBytes];
    private int _begin;
    private int _end;

    private ReadOnlySpan<byte> Pending => _buffer.AsSpan(_begin, _end - _begin);

    /// <summary>False when the peer closes without another message.</summary>
    public async ValueTask<bool> AwaitAsync(CancellationToken cancellation) =>
        _begin < _end || await FillAsync(cancellation);

    public async ValueTask<HttpFrame> ReadAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = Pending.IndexOf(EndOfHead)) < 0 && Pending.Length < limits.HeadBytes + EndOfHead.Length)
            if (!await FillAsync(cancellation))
                return new HttpFrame.Ended();
        if (length < 0 || length > limits.HeadBytes)
            return new HttpFrame.Refused(new HttpRefusal(431, $"the head is longer than {limits.HeadBytes} bytes"));
        return HttpHead.Parse(Pending[..length], limits.BodyBytes) switch
        {
            HttpHead.Refused { Refusal: var refusal } => new HttpFrame.Refused(refusal),
            HttpHead.Understood head => await ReadBodyAsync(length + EndOfHead.Length, head, cancellation),
            var other => throw new InvalidOperationException($"unknown head {other.GetType().Name}"),
        };
    }

    /// <summary>One write for the whole message.</summary>
    public async ValueTask WriteAsync(
        string startLine, ReadOnlyMemory<byte> body, bool close, CancellationToken cancellation)
    {
        var type = body.IsEmpty ? "" : "Content-Type: application/json\r\n";
        var end = close ? "Connection: close\r\n" : "";
        var head = Encoding.ASCII.GetBytes($"{startLine}\r\n{type}{end}Content-Length: {body.Length}\r\n\r\n");
        var message = new byte[head.Length + body.Length];
        head.CopyTo(message, 0);
        body.CopyTo(message.AsMemory(head.Length));
        await stream.WriteAsync(message, cancellation);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask<HttpFrame> ReadBodyAsync(
        int headLength, HttpHead.Understood head, CancellationToken cancellation)
    {
        _begin += headLength;
        while (Pending.Length < head.BodyLength)
            if (!await FillAsync(cancellation))
                return new HttpFrame.Ended();
        var body = Pending[..head.BodyLength].ToArray();
        _begin += head.BodyLength;
        return new HttpFrame.Message(head, body);
    }

    /// <summary>False at the end of the stream.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (_begin > 0)
        {
            Pending.CopyTo(_buffer);
            (_begin, _end) = (0, _end - _begin);
        }
        // Grown only by what was really sent; the two limits bound it.
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += count;
        return count > 0;
    }
}

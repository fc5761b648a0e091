using System.Net;
using System.Net.Http.Headers;

namespace PgMahout.Store.Etcd;

/// <summary>
/// The body of a request, given to one connection at most. The HTTP client repeats a request by itself when a
/// connection that it kept turns out to be closed; a write must not be repeated, and one whose body was never given to
/// any connection certainly was not carried out.
/// </summary>
internal sealed class OnceContent : HttpContent
{
    private const int Waiting = 0;
    private const int Given = 1;
    private const int Withdrawn = 2;

    private readonly byte[] _body;
    private int _state;

    public OnceContent(byte[] body)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>False: not a byte of it has left, and if it was withdrawn none will.</summary>
    public bool IsGiven => Volatile.Read(ref _state) == Given;

    /// <summary>True when it will never be sent; false when it is too late for that.</summary>
    public bool Withdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) != Given;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Interlocked.CompareExchange(ref _state, Given, Waiting) == Waiting
            ? stream.WriteAsync(_body, cancellationToken).AsTask()
            : throw new IOException("closed the connection");

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}

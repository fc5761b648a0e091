using System.Buffers;
using System.Globalization;
using System.Text;

namespace PgMahout.Agent.Http;

/// <summary>
/// The head of an HTTP/1.1 message, read strictly: whatever two programs could understand differently is refused, not
/// guessed. Bodies have a Content-Length or are empty.
/// </summary>
internal abstract record HttpHead
{
    private const int LongestNumber = 9;

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private HttpHead() { }

    /// <param name="Close">The peer ends the connection after this exchange.</param>
    /// <param name="NamesHost">HTTP/1.1 demands it of every request.</param>
    public sealed record Understood(string StartLine, int BodyLength, bool Close, bool NamesHost) : HttpHead;

    public sealed record Refused(HttpRefusal Refusal) : HttpHead;

    /// <param name="head">Without the empty line that ends it.</param>
    public static HttpHead Parse(ReadOnlySpan<byte> head, int mostBodyBytes)
    {
        var start = NextLine(ref head);
        if (start.IsEmpty || !IsText(start))
            return Bad("the start line is not readable");
        var fields = new Fields();
        while (!head.IsEmpty)
            if (Take(NextLine(ref head), ref fields) is { } refusal)
                return new Refused(refusal);
        if (fields.BodyLength > mostBodyBytes)
            return new Refused(new HttpRefusal(413, $"the body is longer than {mostBodyBytes} bytes"));
        return new Understood(
            Encoding.ASCII.GetString(start), fields.BodyLength ?? 0, fields.Close, fields.NamesHost);
    }

    private static HttpRefusal? Take(ReadOnlySpan<byte> line, ref Fields fields)
    {
        var colon = line.IndexOf((byte)':');
        // A name that begins or ends with a space is a folded line, or smuggled.
        if (colon <= 0 || line[..colon].ContainsAnyExcept(NameBytes) || !IsText(line))
            return new HttpRefusal(400, "a header field is not readable");
        var value = line[(colon + 1)..].Trim(" \t"u8);
        return Encoding.ASCII.GetString(line[..colon]).ToLowerInvariant() switch
        {
            "content-length" => fields.TakeLength(value),
            "host" => fields.TakeHost(),
            "connection" => fields.TakeConnection(value),
            "transfer-encoding" => new HttpRefusal(501, "bodies are taken with a Content-Length only"),
            "expect" => new HttpRefusal(417, "nothing is promised before the whole request is here"),
            _ => null,
        };
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf("\r\n"u8);
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 2)..];
        return line;
    }

    /// <summary>Printable ASCII and tabs: no lone CR or LF, no zero byte, nothing that is not a character.</summary>
    private static bool IsText(ReadOnlySpan<byte> line)
    {
        foreach (var octet in line)
            if (octet is (< 0x20 or > 0x7E) and not (byte)'\t')
                return false;
        return true;
    }

    private static Refused Bad(string why) => new(new HttpRefusal(400, why));

    private struct Fields
    {
        public int? BodyLength { get; private set; }
        public bool Close { get; private set; }
        public bool NamesHost { get; private set; }

        public HttpRefusal? TakeLength(ReadOnlySpan<byte> value)
        {
            if (BodyLength is not null || value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                return new HttpRefusal(400, "Content-Length is not one number");
            if (value.Length > LongestNumber)
                return new HttpRefusal(413, "the body is too long");
            BodyLength = int.Parse(value, CultureInfo.InvariantCulture);
            return null;
        }

        public HttpRefusal? TakeHost()
        {
            if (NamesHost)
                return new HttpRefusal(400, "there are two Host fields");
            NamesHost = true;
            return null;
        }

        public HttpRefusal? TakeConnection(ReadOnlySpan<byte> value)
        {
            foreach (var option in Encoding.ASCII.GetString(value).Split(','))
                Close |= option.Trim().Equals("close", StringComparison.OrdinalIgnoreCase);
            return null;
        }
    }
}

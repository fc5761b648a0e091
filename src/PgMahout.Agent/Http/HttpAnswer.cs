using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgMahout.Agent.Http;

/// <param name="Body">JSON, or empty.</param>
internal sealed record HttpAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    private const string Prefix = "HTTP/1.1 ";

    public static HttpAnswer Empty(int status) => new(status, default);

    public static HttpAnswer Json<T>(T value, JsonTypeInfo<T> type) =>
        new(200, JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static HttpAnswer Of(HttpRefusal refusal) => Refusing(refusal.Status, refusal.Why);

    /// <summary><c>{"error": why}</c></summary>
    public static HttpAnswer Refusing(int status, string why)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("error", why);
            json.WriteEndObject();
        }
        return new HttpAnswer(status, buffer.ToArray());
    }

    /// <summary>Null when the message is no answer.</summary>
    public static HttpAnswer? Of(HttpFrame.Message message)
    {
        var line = message.Head.StartLine;
        return line.Length >= Prefix.Length + 3 && line.StartsWith(Prefix, StringComparison.Ordinal)
            && int.TryParse(
                line.AsSpan(Prefix.Length, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
                ? new HttpAnswer(status, message.Body)
                : null;
    }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>As it is sent.</summary>
    public string StartLine => $"{Prefix}{Status} {Reason(Status)}";

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Other",
    };
}

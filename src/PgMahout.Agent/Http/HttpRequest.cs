namespace PgMahout.Agent.Http;

/// <param name="Path">Without the query.</param>
internal sealed record HttpRequest(string Method, string Path, ReadOnlyMemory<byte> Body)
{
    private const string Version = "HTTP/1.1";

    /// <summary>Null together with the reason why the message is no request that can be served.</summary>
    public static (HttpRequest? Request, HttpRefusal? Refusal) Of(HttpFrame.Message message)
    {
        var parts = message.Head.StartLine.Split(' ');
        if (parts is not [{ Length: > 0 } method, ['/', ..] target, { } version])
            return (null, new HttpRefusal(400, "the request line is not METHOD /path HTTP/1.1"));
        if (version != Version)
            return (null, new HttpRefusal(505, "only HTTP/1.1 is spoken here"));
        if (!message.Head.NamesHost)
            return (null, new HttpRefusal(400, "there is no Host field"));
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return (new HttpRequest(method, query < 0 ? target : target[..query], message.Body), null);
    }

    /// <summary>As it is sent.</summary>
    public string StartLine => $"{Method} {Path} {Version}\r\nHost: agent";
}

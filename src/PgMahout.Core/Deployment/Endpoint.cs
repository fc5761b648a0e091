using System.Globalization;

namespace PgMahout.Core.Deployment;

/// <summary>Addresses of an etcd that is there already.</summary>
public static class Endpoint
{
    /// <summary><c>https://HOST:PORT</c>, or http for one that has no TLS, with nothing behind it.</summary>
    public static bool IsValid(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme is "https" or "http"
        && uri.Host != ""
        && uri.PathAndQuery == "/"
        && uri.UserInfo == ""
        && text.TrimEnd('/').EndsWith(
            string.Create(CultureInfo.InvariantCulture, $":{uri.Port}"), StringComparison.Ordinal);

    /// <summary>Whoever listens on the way reads everything.</summary>
    public static bool IsClear(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http", IsLoopback: false };
}

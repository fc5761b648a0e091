using System.Collections.Immutable;

namespace PgMahout.Store;

/// <summary>
/// An etcd cluster and the part of it that is this cluster's store. Files are named, not read: they are read when a
/// connection is made, and again when they have changed.
/// </summary>
/// <param name="Endpoints">
/// <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>, the one to ask first in front: best the one on this host.
/// </param>
/// <param name="Prefix">Of every key, such as <c>/pgmahout/orders/</c>; begins and ends with a slash.</param>
public sealed record EtcdSettings(ImmutableArray<Uri> Endpoints, string Prefix)
{
    /// <summary>
    /// The endpoints as they are now; empty: it cannot be said. Asked when one fails, once a second at most, on a
    /// thread of the pool. Null: they never change.
    /// </summary>
    public Func<ImmutableArray<Uri>>? CurrentEndpoints { get; init; }

    /// <summary>Who signs the servers' certificates, as PEM; null: the authorities that this host trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>What this client shows of itself, as PEM; goes with <see cref="KeyFile"/>.</summary>
    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    /// <summary>etcd's user, where etcd asks for one; goes with <see cref="PasswordFile"/>.</summary>
    public string? User { get; init; }

    /// <summary>Its first line is the password.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Continues a sentence that begins with "The store's settings"; null when nothing contradicts.</summary>
    public string? Contradiction()
    {
        if (Endpoints.IsDefaultOrEmpty)
            return "name no etcd endpoint";
        if (Endpoints.FirstOrDefault(IsNoAddress) is { } other)
            return $"name the endpoint {other}, which is no http:// or https:// address of a host and its port";
        if (!Prefix.StartsWith('/') || !Prefix.EndsWith('/') || Prefix.Length < 2)
            return $"have the prefix '{Prefix}', which does not begin and end with a slash";
        if (CertificateFile is null != KeyFile is null)
            return "name a certificate without its key, or a key without its certificate";
        if (User is null != PasswordFile is null)
            return "name a user without a password file, or a password file without a user";
        return User is not null && Endpoints.FirstOrDefault(IsClear) is { } clear
            ? $"would send a password to {clear} in clear: use https://"
            : null;
    }

    private static bool IsNoAddress(Uri endpoint) =>
        !endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps);

    private static bool IsClear(Uri endpoint) => endpoint.Scheme == Uri.UriSchemeHttp && !endpoint.IsLoopback;
}

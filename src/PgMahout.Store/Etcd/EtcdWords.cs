using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;

namespace PgMahout.Store.Etcd;

/// <summary>What etcd's errors and broken connections mean, for people and for whoever may ask again.</summary>
internal static class EtcdWords
{
    public const string Silence = "did not answer";

    public const string TooEarly = "changes its members only when they have been connected for some seconds";

    private const string OutOfSpace =
        "is out of space and takes no writes: compact and defragment etcd, then disarm its alarm";

    // In etcd's own words, of which the newest version has the same.
    private static readonly (string Said, string Meaning, Fate Fate)[] Known =
    [
        ("no leader", "has no leader: most of etcd's members are away, or elect one", Fate.NeverApplied),
        ("raft proposal dropped", "has no leader: most of etcd's members are away, or elect one", Fate.NeverApplied),
        ("too many requests", "has too many requests waiting", Fate.NeverApplied),
        ("invalid auth token", "does not know our token", Fate.Unauthenticated),
        ("auth store is old", "does not take our token any more", Fate.Unauthenticated),
        ("user name is empty", "asks for a user and a password", Fate.Unauthenticated),
        // Said, too, of a call without a token that was made before etcd began to ask for one.
        ("permission denied", "does not permit this user to read and write these keys", Fate.Unauthenticated),
        ("invalid user ID or password", "does not accept the user with this password", Fate.Rejected),
        ("database space exceeded", OutOfSpace, Fate.Rejected),
        ("unhealthy cluster", TooEarly, Fate.Rejected),
        ("request is too large", "does not take requests of this size", Fate.Rejected),
        ("timed out", "had no answer from etcd's leader in time", Fate.Unsettled),
        ("leader changed", "was electing a leader", Fate.Unsettled),
    ];

    public static EtcdReply<T>.Failed Of<T>(HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        var said = Text(body);
        foreach (var (words, meaning, fate) in Known)
            if (said?.Contains(words, StringComparison.Ordinal) == true)
                return new EtcdReply<T>.Failed(meaning, fate);
        var why = said is null ? $"answered HTTP {(int)status}: is it etcd?" : $"answered: {said}";
        return new EtcdReply<T>.Failed(why, Fate.Unsettled);
    }

    public static string Of(Exception failure) => failure switch
    {
        OperationCanceledException => Silence,
        AuthenticationException refused => refused.InnerException is { } inner && inner is not IOException
            ? $"could not agree on TLS: {inner.Message}"
            : refused.Message,
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "refuses connections: is etcd running?",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
            "has a name that is not known here",
        SocketException { SocketErrorCode: SocketError.ConnectionReset } => "closed the connection",
        SocketException socket => $"cannot be reached: {socket.Message}",
        CryptographicException or UnauthorizedAccessException => failure.Message,
        JsonException => "answered what is not etcd's JSON",
        { InnerException: { } inner } => Of(inner),
        _ => failure.Message,
    };

    private static string? Text(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, EtcdJson.Default.EtcdError)?.Text;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

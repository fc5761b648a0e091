using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PgMahout.Store.Etcd;

/// <summary>A question to etcd, encoded, and how its answer is read.</summary>
internal sealed record EtcdCall<T>(string Path, byte[] Body, JsonTypeInfo<T> Reply)
{
    public static EtcdCall<T> Of<TRequest>(
        string path, TRequest request, JsonTypeInfo<TRequest> encoding, JsonTypeInfo<T> reply) =>
        new(path, JsonSerializer.SerializeToUtf8Bytes(request, encoding), reply);
}

/// <summary>What became of a call.</summary>
internal abstract record EtcdReply<T>
{
    private EtcdReply() { }

    public sealed record Answered(T Value) : EtcdReply<T>;

    /// <param name="Why">For people; continues a sentence that begins with the endpoint or with "etcd".</param>
    public sealed record Failed(string Why, Fate Fate) : EtcdReply<T>;
}

/// <summary>What is known of a call that was not answered with a result.</summary>
internal enum Fate
{
    /// <summary>It certainly was not carried out; another endpoint may be asked.</summary>
    NeverApplied,

    /// <summary>It certainly was not carried out, and no endpoint will say otherwise.</summary>
    Rejected,

    /// <summary>It may have been carried out, or still be.</summary>
    Unsettled,

    /// <summary>It certainly was not carried out: the token has run out or is not known there.</summary>
    Unauthenticated,
}

using System.Buffers;
using System.Text;
using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>Objects that are one frame, bound to their name.</summary>
internal static class Framed
{
    /// <param name="bareName">Without the ending that tells how it is stored.</param>
    public static async Task<Outcome> PutAsync(
        Repository repository, string bareName, byte[] plain, Flushing flushing, CancellationToken cancellation)
    {
        var name = bareName + repository.Ending;
        return await repository.Store.PutAsync(name, Encode(repository, name, plain), flushing, cancellation);
    }

    /// <summary>Null when there is no object of that name.</summary>
    /// <param name="longest">What it may hold in plain bytes; more is a damage.</param>
    public static async Task<Outcome<byte[]?>> ReadAsync(
        Repository repository, string name, int longest, CancellationToken cancellation)
    {
        var length = await repository.Store.LengthAsync(name, cancellation);
        if (!length.TryGet(out var known))
            return new Outcome<byte[]?>.Failed(length.Failure!);
        if (known is not { } stored)
            return new Outcome<byte[]?>.Done(null);
        if (stored > longest + (long)(1 << 20))
            return new Outcome<byte[]?>.Failed(
                IndexProblems.Damaged(name, $"it has {stored} bytes, of which at most {longest} are expected"));
        var bytes = GC.AllocateUninitializedArray<byte>((int)stored);
        var read = await repository.Store.ReadAsync(name, 0, bytes, cancellation);
        if (!read.TryGet(out var count))
            return read.Failure!.Code == IObjectStore.Missing
                ? new Outcome<byte[]?>.Done(null)
                : new Outcome<byte[]?>.Failed(read.Failure!);
        return Decode(repository, name, bytes.AsSpan(0, count), longest);
    }

    private static byte[] Encode(Repository repository, string name, byte[] plain)
    {
        using var codec = repository.NewCodec();
        var stored = new byte[codec.Bound(plain.Length)];
        var length = codec.Encode(plain, stored, Encoding.UTF8.GetBytes(name));
        return stored[..length];
    }

    private static Outcome<byte[]?> Decode(
        Repository repository, string name, ReadOnlySpan<byte> stored, int longest)
    {
        using var codec = repository.CodecFor(name);
        var plain = ArrayPool<byte>.Shared.Rent(longest);
        try
        {
            var decoded = codec.Decode(stored, plain.AsSpan(0, longest), Encoding.UTF8.GetBytes(name));
            return decoded.TryGet(out var length)
                ? new Outcome<byte[]?>.Done(plain[..length])
                : new Outcome<byte[]?>.Failed(decoded.Failure! with { What = $"{name} is damaged" });
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }
}

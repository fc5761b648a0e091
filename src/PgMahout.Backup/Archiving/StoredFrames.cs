using System.Buffers;
using System.Text;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>Objects that are one frame each. One is encrypted together with its name: it cannot be swapped.</summary>
internal static class StoredFrames
{
    /// <summary>What an object of this name holds, at the beginning of <paramref name="into"/>.</summary>
    /// <param name="length">Of the object, as stored.</param>
    public static async Task<Outcome<int>> ReadAsync(
        Repository repository, string name, long length, Memory<byte> into, CancellationToken cancellation)
    {
        var stored = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, Array.MaxLength));
        try
        {
            var read = await repository.Store.ReadAsync(name, 0, stored.AsMemory(0, (int)length), cancellation);
            if (!read.TryGet(out var count))
                return read;
            using var codec = repository.CodecFor(name);
            var decoded = codec.Decode(stored.AsSpan(0, count), into.Span, Encoding.UTF8.GetBytes(name));
            return decoded.Failure is { } problem
                ? new Outcome<int>.Failed(problem with { What = $"{name} is damaged" })
                : decoded;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }
}

/// <summary>Makes frames, one at a time, in a buffer that is kept.</summary>
internal sealed class FrameWriter(Repository repository) : IDisposable
{
    private readonly FrameCodec _codec = repository.NewCodec();
    private byte[] _stored = [];

    /// <param name="bareName">Without the ending that tells how it is stored.</param>
    public async Task<Outcome> PutAsync(
        string bareName, ReadOnlyMemory<byte> plain, CancellationToken cancellation)
    {
        var name = bareName + repository.Ending;
        var length = await Task.Run(() => Encode(name, plain.Span), cancellation);
        return await repository.Store.PutAsync(name, _stored.AsMemory(0, length), Flushing.Now, cancellation);
    }

    /// <summary>Done with false, and nothing changed, where the name is taken.</summary>
    public async Task<Outcome<bool>> CreateAsync(
        string bareName, ReadOnlyMemory<byte> plain, CancellationToken cancellation)
    {
        var name = bareName + repository.Ending;
        var length = await Task.Run(() => Encode(name, plain.Span), cancellation);
        return await repository.Store.CreateAsync(name, _stored.AsMemory(0, length), cancellation);
    }

    public void Dispose() => _codec.Dispose();

    private int Encode(string name, ReadOnlySpan<byte> plain)
    {
        var bound = _codec.Bound(plain.Length);
        if (_stored.Length < bound)
            _stored = GC.AllocateUninitializedArray<byte>(bound);
        return _codec.Encode(plain, _stored, Encoding.UTF8.GetBytes(name));
    }
}

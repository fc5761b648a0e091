using System.Text;
using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>
/// Writes an object, reads it back, removes it: whether a repository can be used is tried, not assumed.
/// </summary>
internal static class RoundTrip
{
    private const string Prefix = "probe/";

    public static async Task<Problem?> TryAsync(Repository repository, CancellationToken cancellation)
    {
        var store = repository.Store;
        var name = $"{Prefix}{Guid.NewGuid():n}{repository.Ending}";
        var label = Encoding.UTF8.GetBytes(name);
        var plain = Encoding.UTF8.GetBytes($"written to be read again by {Environment.ProcessId}");
        using var codec = repository.NewCodec();
        var stored = new byte[codec.Bound(plain.Length)];
        var length = codec.Encode(plain, stored, label);
        try
        {
            if ((await store.PutAsync(name, stored.AsMemory(0, length), Flushing.Now, cancellation)).Failure is { } put)
                return put;
            var back = new byte[length];
            var read = await store.ReadAsync(name, 0, back, cancellation);
            if (!read.TryGet(out var got))
                return read.Failure;
            var text = new byte[plain.Length];
            var decoded = codec.Decode(back.AsSpan(0, got), text, label);
            if (decoded.TryGet(out _) && text.AsSpan().SequenceEqual(plain))
                return null;
            return new Problem(
                "repository-garbles",
                $"{store.Address} gives back something else than was written",
                decoded.Failure?.Why ?? "the bytes differ",
                "the object that was tried is removed",
                "check the storage: nothing that is written there can be trusted");
        }
        finally
        {
            await store.DeleteAsync([name], CancellationToken.None);
        }
    }
}

using System.Security.Cryptography;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// Making an object only where there is none. S3 does it by a condition on the call; of the servers that speak like it
/// some ignore the condition, which is found out once. There, whoever wants to create an object announces it with an
/// object of its own, and goes on only when it finds no other announcement: of two, one at least sees the other, as
/// every such server shows in a list what was put before.
/// </summary>
internal sealed class S3Creation(S3Store store, TimeSpan limit, TimeProvider time)
{
    private const int Attempts = 50;

    private bool? _conditional;

    public async Task<Outcome<bool>> CreateAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var probed = await KnowsConditionsAsync(cancellation);
        if (!probed.TryGet(out var conditional))
            return probed;
        return conditional
            ? await store.PutIfNoneAsync(name, content, cancellation)
            : await CreateByAnnouncementAsync(name, content, cancellation);
    }

    /// <summary>Asked once; several that ask at the same time learn the same.</summary>
    private async Task<Outcome<bool>> KnowsConditionsAsync(CancellationToken cancellation)
    {
        if (_conditional is { } known)
            return new Outcome<bool>.Done(known);
        var probed = await ProbeAsync(cancellation);
        if (probed.TryGet(out var conditional))
            _conditional = conditional;
        return probed;
    }

    private async Task<Outcome<bool>> ProbeAsync(CancellationToken cancellation)
    {
        var name = $"probe-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        var put = await store.PutAsync(name, "probe"u8.ToArray(), Flushing.Now, cancellation);
        if (put.Failure is { } problem)
            return new Outcome<bool>.Failed(problem);
        var again = await store.PutIfNoneAsync(name, "probe"u8.ToArray(), cancellation);
        _ = await store.DeleteAsync([name], cancellation);
        // A refusal of the condition itself is the same as ignoring it.
        return new Outcome<bool>.Done(again.TryGet(out var made) && !made);
    }

    private async Task<Outcome<bool>> CreateByAnnouncementAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var own = $"{name}.creating/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var tried = await TryAsync(name, own, content, cancellation);
            var withdrawn = await store.DeleteAsync([own], cancellation);
            if (tried is not Outcome<bool?>.Done { Value: var made })
                return new Outcome<bool>.Failed(tried.Failure!);
            if (made is { } decided)
                return withdrawn.Failure is { } problem
                    ? new Outcome<bool>.Failed(problem)
                    : new Outcome<bool>.Done(decided);
            await Task.Delay(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(5, 100)), time, cancellation);
        }
        return new Outcome<bool>.Failed(StoreProblems.TooSlow(store.Address, limit));
    }

    /// <summary>Null when others want it too.</summary>
    private async Task<Outcome<bool?>> TryAsync(
        string name, string own, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var announced = await store.PutAsync(own, "x"u8.ToArray(), Flushing.Now, cancellation);
        if (announced.Failure is { } problem)
            return new Outcome<bool?>.Failed(problem);
        var listed = await store.ListAsync($"{name}.creating/", cancellation);
        if (!listed.TryGet(out var all))
            return new Outcome<bool?>.Failed(listed.Failure!);
        var length = await store.LengthAsync(name, cancellation);
        if (!length.TryGet(out var there))
            return new Outcome<bool?>.Failed(length.Failure!);
        if (there is not null)
            return new Outcome<bool?>.Done(false);
        // One that was left by a crash counts no more when it is older than any call may be.
        var mine = all.FirstOrDefault(entry => entry.Name == own)?.ModifiedAt ?? time.GetUtcNow();
        if (all.Any(entry => entry.Name != own && mine - entry.ModifiedAt < 10 * limit))
            return new Outcome<bool?>.Done(null);
        var put = await store.PutAsync(name, content, Flushing.Now, cancellation);
        return put.Failure is { } failure
            ? new Outcome<bool?>.Failed(failure)
            : new Outcome<bool?>.Done(true);
    }
}

namespace PgMahout.Agent.Loop;

/// <summary>Ends a wait early. Many calls before a wait count as one.</summary>
internal sealed class WakeSignal : IDisposable
{
    private readonly SemaphoreSlim _pending = new(0, 1);

    public void Set()
    {
        lock (_pending)
        {
            if (_pending.CurrentCount == 0)
                _pending.Release();
        }
    }

    /// <summary>Returns when set, or when <paramref name="limit"/> has passed.</summary>
    public Task WaitAsync(TimeSpan limit, CancellationToken cancellation) =>
        _pending.WaitAsync(limit < TimeSpan.Zero ? TimeSpan.Zero : limit, cancellation);

    public void Dispose() => _pending.Dispose();
}

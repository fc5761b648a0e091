namespace PgMahout.Backup.Repositories;

/// <summary>
/// One call whose caller may stop waiting before it has ended. From then on the caller's memory is not the call's any
/// more: nothing is put into it, and what was read out of it is not used.
/// </summary>
internal sealed class StoreCall
{
    private readonly Lock _copying = new();
    private volatile bool _left;

    /// <summary>The caller waits no more.</summary>
    public void Leave()
    {
        lock (_copying)
            _left = true;
    }

    public void ThrowIfLeft()
    {
        if (_left)
            throw new IOException("nobody waits for it any more");
    }

    public void Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        lock (_copying)
        {
            ThrowIfLeft();
            from.CopyTo(to);
        }
    }
}

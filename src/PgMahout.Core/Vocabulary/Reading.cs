namespace PgMahout.Core.Vocabulary;

/// <summary>
/// Something observed: the value with the moment it was read, or the reason why it could not be read.
/// Absence is information: a decision sees silence as silence, never as a default.
/// </summary>
public abstract record Reading<T>
{
    private Reading() { }

    /// <summary>Read at <paramref name="At"/>.</summary>
    public sealed record Fresh(T Value, Instant At) : Reading<T>;

    /// <summary>Not readable, as found at <paramref name="At"/>.</summary>
    public sealed record Missing(string Reason, Instant At) : Reading<T>;

    public bool IsFresh => this is Fresh;

    public bool TryGet(out T value)
    {
        if (this is Fresh fresh)
        {
            value = fresh.Value;
            return true;
        }
        value = default!;
        return false;
    }
}

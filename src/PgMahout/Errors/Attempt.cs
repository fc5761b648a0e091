using System.Diagnostics.CodeAnalysis;

namespace PgMahout.Errors;

/// <summary>What came of something that can fail in an expected way.</summary>
public abstract record Attempt<T>
{
    private Attempt() { }

    public sealed record Done(T Value) : Attempt<T>;

    public sealed record Failed(Failure Failure) : Attempt<T>;

    public bool TryGet([MaybeNullWhen(false)] out T value, [MaybeNullWhen(true)] out Failure failure)
    {
        value = this is Done done ? done.Value : default;
        failure = (this as Failed)?.Failure;
        return failure is null;
    }

    public static implicit operator Attempt<T>(T value) => new Done(value);

    public static implicit operator Attempt<T>(Failure failure) => new Failed(failure);
}

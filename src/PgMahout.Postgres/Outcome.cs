namespace PgMahout.Postgres;

/// <summary>
/// How something that was asked of an instance ended. What was left is found by observing again, never assumed.
/// </summary>
public abstract record Outcome
{
    private Outcome() { }

    public static readonly Outcome Success = new Done();

    /// <summary>The instance was seen to be as asked, also when it already was before.</summary>
    public sealed record Done : Outcome;

    /// <summary>It was not reached; a time limit that passed is a failure too.</summary>
    public sealed record Failed(Problem Problem) : Outcome;

    public Problem? Failure => this is Failed failed ? failed.Problem : null;
}

/// <summary>Like <see cref="Outcome"/>, with what was found or made.</summary>
public abstract record Outcome<T>
{
    private Outcome() { }

    public sealed record Done(T Value) : Outcome<T>;

    public sealed record Failed(Problem Problem) : Outcome<T>;

    public Problem? Failure => this is Failed failed ? failed.Problem : null;

    public bool TryGet(out T value)
    {
        value = this is Done done ? done.Value : default!;
        return this is Done;
    }
}

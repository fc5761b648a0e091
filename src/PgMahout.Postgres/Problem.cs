namespace PgMahout.Postgres;

/// <summary>An expected failure, told so that an operator at night knows what to do.</summary>
/// <param name="Code">Stable, for <c>explain</c>: lower-case words with hyphens.</param>
/// <param name="What">What happened, as one sentence without a full stop.</param>
/// <param name="Why">The evidence: what PostgreSQL, the tool or the kernel said.</param>
/// <param name="Left">What state was left behind.</param>
/// <param name="Next">What to do about it.</param>
public sealed record Problem(string Code, string What, string Why, string Left, string Next)
{
    public override string ToString() => $"{What} - {Why} ({Left}; {Next}) [{Code}]";
}

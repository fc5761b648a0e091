namespace PgMahout.Postgres.Probing;

/// <summary>One thing that was looked at: what was found and how, or why it could not be.</summary>
/// <param name="What">For people: <c>memory</c>, <c>storage</c>.</param>
/// <param name="Value">Null when it is not known.</param>
/// <param name="How">The evidence, or why it is not known.</param>
public sealed record Looked(string What, string? Value, string How);

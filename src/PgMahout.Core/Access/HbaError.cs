namespace PgMahout.Core.Access;

/// <summary>Why PostgreSQL would not take a line.</summary>
/// <param name="Message">In PostgreSQL's own words where it has any.</param>
/// <param name="Suggestion">What was probably meant, as a whole sentence; empty when nobody can say.</param>
public sealed record HbaError(int Line, int Column, string Message, string Suggestion)
{
    public override string ToString() =>
        $"line {Line}, column {Column}: {Message}{(Suggestion.Length > 0 ? ": " + Suggestion : "")}";
}

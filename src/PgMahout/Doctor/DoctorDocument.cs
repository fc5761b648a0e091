using System.Collections.Immutable;

namespace PgMahout.Doctor;

/// <summary>The JSON of <c>doctor -o json</c>.</summary>
/// <param name="Verdict">ok, warning or broken: the worst of the checks.</param>
public sealed record DoctorDocument(int Schema, string Verdict, ImmutableArray<CheckDocument> Checks);

/// <param name="Verdict">ok, unknown, warning or broken.</param>
public sealed record CheckDocument(
    string Code,
    string Check,
    string Subject,
    string Verdict,
    string Text,
    ImmutableArray<string> Evidence,
    ImmutableArray<string> Fixes);

using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>One code, its exit code, and what it means wherever it occurs.</summary>
/// <param name="Code">Stable: an area and a number, such as <c>UP-003</c>.</param>
/// <param name="Meaning">For <c>explain</c>: what is the case, why pgmahout stops there, what to do.</param>
public sealed record ErrorKind(string Code, ExitCode Exit, string Meaning);

using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>What a server's log says went wrong, in words.</summary>
/// <param name="Cause">A stable name, such as <c>hba-syntax</c>.</param>
/// <param name="What">Whole sentences: what is the case, and what was probably meant.</param>
/// <param name="Evidence">The lines of the log that say so.</param>
/// <param name="Fixes">Commands, the likeliest first; NAME in capitals stands for what only the operator knows.</param>
public sealed record ServerFailure(
    string Cause, string What, ImmutableArray<string> Evidence, ImmutableArray<string> Fixes);

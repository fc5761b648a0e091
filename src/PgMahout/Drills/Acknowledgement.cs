using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>One write that a server confirmed.</summary>
/// <param name="Sequence">Names the row; no two attempts share one.</param>
/// <param name="AtMs">When the confirmation arrived, on the clock of the run.</param>
/// <param name="Timeline">Of the server that confirmed it.</param>
public sealed record Acknowledgement(long Sequence, double AtMs, MemberName Member, TimelineId Timeline);

using System.Collections.Immutable;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Probing;

namespace PgMahout.Advising;

/// <summary>Everything that <c>tune</c> shows.</summary>
/// <param name="Cluster">Null when there is none in the home.</param>
/// <param name="NowFrom">Where the present values are from, or why they are not known.</param>
internal sealed record Advice(
    string? Cluster,
    TuningRules Rules,
    TuningQuestion Question,
    TuningPlan Plan,
    ImmutableArray<Looked> Machine,
    ImmutableArray<AdviceLine> Lines,
    string NowFrom,
    ImmutableArray<string> Notices,
    ImmutableArray<EvidenceFinding> Evidence)
{
    public int Changes => Lines.Count(line => line.Changes);

    public ByteSize Total => MemoryEnvelope.Of(Plan.Settings).Total;
}

/// <summary>One row.</summary>
/// <param name="Now">Null when it is not known.</param>
/// <param name="Setting">What is advised.</param>
/// <param name="Effect">Null for a setting that the version does not have.</param>
internal sealed record AdviceLine(string? Now, TuningSetting Setting, Effect? Effect)
{
    public bool Changes => Now is null || !IsGoodEnough(Now);

    private bool IsGoodEnough(string now) =>
        SettingText.Same(now, Setting.Value)
        || Setting.Rule == TuningRule.BoundWalByDisk && SettingText.Near(now, Setting.Value);
}

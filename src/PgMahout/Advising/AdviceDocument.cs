using System.Collections.Immutable;
using PgMahout.Output;

namespace PgMahout.Advising;

/// <summary>The JSON of <c>tune -o json</c>.</summary>
/// <param name="Rules">pgmahout, classic or pgtune.</param>
/// <param name="NowFrom">Where the present values are from.</param>
public sealed record AdviceDocument(
    int Schema,
    string? Cluster,
    string Rules,
    int Version,
    string Workload,
    int Members,
    AdviceMachineDocument Member,
    ImmutableArray<AdviceEvidenceDocument> Machine,
    string NowFrom,
    ImmutableArray<AdviceSettingDocument> Settings,
    long TotalBytes,
    ImmutableArray<string> Notices,
    ImmutableArray<AdviceFindingDocument> Evidence)
{
    internal static AdviceDocument Of(Advice advice) => new(
        DocumentJson.Schema,
        advice.Cluster,
        Word(advice.Rules),
        advice.Question.Server.Major,
        Word(advice.Question.Workload),
        advice.Question.Members,
        new AdviceMachineDocument(
            advice.Plan.Part.Memory.Bytes, advice.Plan.Part.Processors, Word(advice.Plan.Part.Storage),
            advice.Plan.Part.FreeDisk?.Bytes),
        [.. advice.Machine.Select(one => new AdviceEvidenceDocument(one.What, one.Value, one.How))],
        advice.NowFrom,
        [.. advice.Lines.Select(Of)],
        advice.Total.Bytes,
        advice.Notices,
        [
            .. advice.Evidence.Select(one => new AdviceFindingDocument(
                one.Rule.ToString(), one.Text, one.Setting, one.Advised, one.Next)),
        ]);

    private static AdviceSettingDocument Of(AdviceLine line) => new(
        line.Setting.Name,
        line.Now,
        line.Setting.Value,
        line.Changes,
        line.Effect is { } effect ? Word(effect) : null,
        line.Setting.Rule.ToString(),
        line.Setting.Reason,
        line.Setting.Source);

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>A member's part of the machine.</summary>
public sealed record AdviceMachineDocument(long MemoryBytes, int Processors, string Storage, long? FreeDiskBytes);

/// <param name="Value">Null when it is not known; <paramref name="How"/> says why.</param>
public sealed record AdviceEvidenceDocument(string What, string? Value, string How);

/// <param name="Now">Null when it is not known.</param>
/// <param name="Takes">reload or restart.</param>
public sealed record AdviceSettingDocument(
    string Name, string? Now, string Advised, bool Changes, string? Takes, string Rule, string Reason, string Source);

public sealed record AdviceFindingDocument(string Rule, string Text, string? Setting, string? Advised, string Next);

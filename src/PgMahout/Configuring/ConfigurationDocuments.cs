using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Output;

namespace PgMahout.Configuring;

/// <summary>The JSON of <c>config get -o json</c>.</summary>
/// <param name="Version">The configuration that the cluster has; 0 before the first.</param>
/// <param name="HasDraft">Something was prepared and not applied.</param>
public sealed record ConfigurationDocument(
    int Schema,
    string Cluster,
    long Version,
    bool HasDraft,
    ImmutableArray<SettingDocument> Settings,
    ImmutableArray<string> AccessRules);

/// <param name="BySystem">Its value by ALTER SYSTEM, which wins on this member; null for none.</param>
public sealed record SettingDocument(
    string Name, string Member, string Value, string Source, bool PendingRestart, string? BySystem, string? Note);

/// <summary>The JSON of <c>config plan -o json</c>.</summary>
public sealed record PlanDocument(
    int Schema,
    string Cluster,
    ImmutableArray<ChangeDocument> Changes,
    ImmutableArray<string> AccessAdded,
    ImmutableArray<string> AccessRemoved,
    ImmutableArray<string> Steps,
    ImmutableArray<DriftDocument> Drift);

/// <param name="TakesEffect">reload, restart, or the like.</param>
public sealed record ChangeDocument(string Name, string Member, string Old, string New, string TakesEffect);

public sealed record DriftDocument(string Member, string Name, string Value);

/// <summary>The JSON of <c>config history -o json</c>, oldest first.</summary>
public sealed record ConfigurationHistoryDocument(int Schema, ImmutableArray<ConfigurationVersionDocument> Versions);

public sealed record ConfigurationVersionDocument(
    long Number,
    DateTime At,
    string By,
    string? Reason,
    ImmutableSortedDictionary<string, string> Settings,
    ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, string>> Overrides,
    ImmutableArray<string> AccessRules);

internal static class ConfigurationDocuments
{
    public static ConfigurationDocument Of(List<SettingDocument> rows, ConfigurationAccess access) => new(
        DocumentJson.Schema,
        access.Spec.Name,
        access.State.Current.Number,
        access.State.Draft is not null,
        [.. rows.OrderBy(row => row.Name, StringComparer.Ordinal)],
        access.State.Current.Desired.AccessRules);

    public static PlanDocument Of(ChangePlan plan, ConfigurationAccess access) => new(
        DocumentJson.Schema,
        access.Spec.Name,
        [
            .. plan.Changes.Select(change => new ChangeDocument(
                change.Name, change.Member.Text, change.Old, change.New, StepText.Of(change.Context))),
        ],
        [.. plan.Access.Where(change => change.IsAdded).Select(change => change.Line)],
        [.. plan.Access.Where(change => !change.IsAdded).Select(change => change.Line)],
        [.. plan.Steps.Select(StepText.Of)],
        [.. plan.Drift.Select(drift => new DriftDocument(drift.Member.Text, drift.Name, drift.Value))]);

    public static ConfigurationHistoryDocument Of(ImmutableArray<ConfigurationVersion> versions) =>
        new(DocumentJson.Schema, [.. versions.Select(Of)]);

    private static ConfigurationVersionDocument Of(ConfigurationVersion version) => new(
        version.Number,
        version.At.UtcDateTime,
        version.By,
        version.Reason,
        version.Desired.Settings,
        version.Desired.Overrides.ToImmutableSortedDictionary(
            own => own.Key.Text, own => own.Value, StringComparer.Ordinal),
        version.Desired.AccessRules);
}

using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Configuration;

/// <summary>A setting as a running server has it.</summary>
/// <param name="Value">In force now, in the setting's unit.</param>
/// <param name="Beneath">
/// What it would be without the operator's value: from the tuning or postgresql.conf, else compiled in.
/// </param>
/// <param name="Source">Where it comes from, for people: a file and line, or <c>default</c>.</param>
/// <param name="BySystem">Its value in postgresql.auto.conf (ALTER SYSTEM), which wins; null for none.</param>
public sealed record ObservedSetting(
    Parameter Parameter, string Value, string Beneath, string Source, bool PendingRestart, string? BySystem);

/// <summary>One value that becomes another one on one member.</summary>
/// <param name="Old">As people read it, with its unit.</param>
/// <param name="New">Like <paramref name="Old"/>.</param>
/// <param name="Lowers">It is one of <see cref="RuledSettings.StandbyMinimums"/> and becomes smaller.</param>
public sealed record SettingChange(
    MemberName Member, string Name, string Old, string New, ParameterContext Context, bool Lowers)
{
    /// <summary>What differs on a member between the server as it runs and a configuration.</summary>
    /// <param name="observed">Every setting of the member's server, by its name.</param>
    /// <param name="wanted">What the configuration has for this member.</param>
    /// <param name="given">What it was given before: a name that is only there falls back to what is beneath.</param>
    public static ImmutableArray<SettingChange> Between(
        MemberName member,
        ImmutableSortedDictionary<string, ObservedSetting> observed,
        ImmutableSortedDictionary<string, string> wanted,
        ImmutableSortedDictionary<string, string> given)
    {
        var changes = ImmutableArray.CreateBuilder<SettingChange>();
        foreach (var name in wanted.Keys.Union(given.Keys).Order(StringComparer.Ordinal))
        {
            if (!observed.TryGetValue(name, out var now))
            {
                // A setting of an extension that is not loaded: the server keeps it as a text.
                if (wanted.GetValueOrDefault(name) is var value && value != given.GetValueOrDefault(name))
                    changes.Add(new SettingChange(
                        member, name, given.GetValueOrDefault(name, "-"), value
                            ?? "-", ParameterContext.Reload, false));
                continue;
            }
            var next = wanted.GetValueOrDefault(name) ?? now.Beneath;
            if (!ParameterValue.AreEqual(now.Parameter, now.Value, next))
                changes.Add(Of(member, now, next));
        }
        return changes.ToImmutable();
    }

    private static SettingChange Of(MemberName member, ObservedSetting now, string next) => new(
        member,
        now.Parameter.Name,
        ParameterValue.Show(now.Parameter, now.Value),
        Shown(now.Parameter, next),
        now.Parameter.Context,
        RuledSettings.StandbyMinimums.ContainsKey(now.Parameter.Name)
        && Number(now.Parameter, next) < Number(now.Parameter, now.Value));

    private static decimal? Number(Parameter parameter, string text) =>
        (ParameterValue.Read(parameter, text) as ParameterValue.Valid)?.Number;

    private static string Shown(Parameter parameter, string text) =>
        ParameterValue.Read(parameter, text) is ParameterValue.Valid { Number: not null } valid
            ? ParameterValue.Show(parameter, valid.Canonical)
            : text;
}

using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Configuration;

/// <summary>
/// What the operator wants of PostgreSQL's configuration, for the cluster as a whole: it is laid over what the machine
/// suggests (the tuning of each member) and under what pgmahout itself rules (<see cref="RuledSettings"/>).
/// </summary>
/// <param name="Settings">For every member: PostgreSQL's names and values, unquoted.</param>
/// <param name="Overrides">For single members; each wins over <paramref name="Settings"/> there.</param>
/// <param name="AccessRules">Lines of pg_hba.conf, in their order, after the lines that the cluster itself
/// needs.</param>
public sealed record DesiredConfiguration(
    ImmutableSortedDictionary<string, string> Settings,
    ImmutableSortedDictionary<MemberName, ImmutableSortedDictionary<string, string>> Overrides,
    ImmutableArray<string> AccessRules)
{
    private static readonly ImmutableSortedDictionary<string, string> NoSettings =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static readonly DesiredConfiguration Empty = new(
        NoSettings, ImmutableSortedDictionary<MemberName, ImmutableSortedDictionary<string, string>>.Empty, []);

    /// <summary>What one member gets.</summary>
    public ImmutableSortedDictionary<string, string> For(MemberName member) =>
        Overrides.TryGetValue(member, out var own) ? Settings.SetItems(own) : Settings;

    /// <param name="member">Null for the whole cluster.</param>
    /// <param name="value">Null to take it out.</param>
    public DesiredConfiguration With(string name, string? value, MemberName? member)
    {
        var key = Canonical(name);
        if (member is not { } one)
            return this with { Settings = Changed(Settings, key, value) };
        var own = Changed(Overrides.GetValueOrDefault(one, NoSettings), key, value);
        return this with { Overrides = own.IsEmpty ? Overrides.Remove(one) : Overrides.SetItem(one, own) };
    }

    public bool Equals(DesiredConfiguration? other) =>
        other is not null
        && Settings.SequenceEqual(other.Settings)
        && AccessRules.SequenceEqual(other.AccessRules)
        && Overrides.Count == other.Overrides.Count
        && Overrides.All(own => other.Overrides.TryGetValue(own.Key, out var its) && own.Value.SequenceEqual(its));

    public override int GetHashCode() => HashCode.Combine(Settings.Count, Overrides.Count, AccessRules.Length);

    /// <summary>PostgreSQL takes names of settings in any case.</summary>
    public static string Canonical(string name) => name.Trim().ToLowerInvariant();

    private static ImmutableSortedDictionary<string, string> Changed(
        ImmutableSortedDictionary<string, string> settings, string name, string? value) =>
        value is null ? settings.Remove(name) : settings.SetItem(name, value);
}

/// <summary>A configuration that is or was the cluster's.</summary>
/// <param name="Number">Grows by one with each attempt to apply one; never used twice.</param>
public sealed record ConfigurationVersion(
    long Number, DateTimeOffset At, string By, string? Reason, DesiredConfiguration Desired)
{
    /// <summary>Before the operator asked for anything.</summary>
    public static readonly ConfigurationVersion First =
        new(0, DateTimeOffset.UnixEpoch, "pgmahout", null, DesiredConfiguration.Empty);
}

/// <summary>The cluster's configuration as all members know it.</summary>
/// <param name="Current">What every member has, or returns to when a rollout is taken back.</param>
/// <param name="Draft">What the operator is preparing; used by nobody.</param>
/// <param name="Rollout">A change under way; null when there is none.</param>
/// <param name="LastNumber">The highest number given to any version, failed ones included.</param>
public sealed record ConfigurationState(
    ConfigurationVersion Current, DesiredConfiguration? Draft, Rollout? Rollout, long LastNumber)
{
    public static readonly ConfigurationState None = new(ConfigurationVersion.First, null, null, 0);

    /// <summary>What a member must have now.</summary>
    public ConfigurationVersion For(MemberName member) =>
        Rollout is { } rollout && rollout.Members.Contains(member) ? rollout.Candidate : Current;
}

/// <summary>A change that some members have and others not yet.</summary>
public sealed record Rollout(ConfigurationVersion Candidate, ImmutableSortedSet<MemberName> Members);

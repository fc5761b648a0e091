using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;

namespace PgMahout.Configuring;

/// <summary>Whether a single value may be asked for at all. Pure.</summary>
internal static class DraftCheck
{
    /// <summary>Null when the server knows the setting, it is not pgmahout's to rule, and the value is one.</summary>
    public static Failure? WhyNot(ImmutableSortedDictionary<string, ObservedSetting> known, string name, string value)
    {
        var key = DesiredConfiguration.Canonical(name);
        if (Former(key) is { } replaced)
            return Refused($"there is no setting '{name}'").Because(replaced);
        if (!known.TryGetValue(key, out var setting))
            // A name with a dot belongs to an extension, which may not be loaded yet.
            return key.Contains('.', StringComparison.Ordinal) ? null : Refused($"there is no setting '{name}'")
                .Because($"PostgreSQL knows none of that name{Spelling.Hint(key, known.Keys)}");
        if (setting.Parameter.Context == ParameterContext.Fixed)
            return Refused($"{key} cannot be changed")
                .Because("it was fixed when the server was compiled or the cluster was initialized");
        if (RuledSettings.WhyNot(key, value) is { } reason)
            return Refused($"{key} cannot be set to {value}").Because(reason);
        return ParameterValue.Read(setting.Parameter, value) is ParameterValue.Invalid invalid
            ? Refused($"{key} cannot be '{value}'").Because(invalid.Why)
            : null;
    }

    /// <summary>Every value of a configuration; the first that is refused.</summary>
    public static Failure? WhyNot(
        ImmutableSortedDictionary<string, ObservedSetting> known, DesiredConfiguration desired) =>
        desired.Settings.Concat(desired.Overrides.Values.SelectMany(own => own))
            .Select(setting => WhyNot(known, setting.Key, setting.Value))
            .FirstOrDefault(failure => failure is not null);

    private static Failure Refused(string what) =>
        new Failure(ErrorCatalogue.ConfigurationRefused, what).Try("pgmahout config explain NAME");

    /// <summary>Settings of the past that guides still name, and what took their place.</summary>
    private static string? Former(string name) => name switch
    {
        "wal_keep_segments" => "it went with PostgreSQL 13: wal_keep_size = segments x 16MB, so 32 becomes 512MB",
        "checkpoint_segments" => "it went with PostgreSQL 9.5: max_wal_size bounds the WAL now",
        "standby_mode" or "trigger_file" or "recovery_target_action_file" =>
            "it belonged to recovery.conf, which went with PostgreSQL 12; pgmahout sets up standbys itself",
        "promote_trigger_file" => "a promotion is `pgmahout switchover` here",
        "hot_standby_mode" => "hot standby is always on here",
        _ => null,
    };
}

using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Core.Diagnosis;
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
        if (!known.TryGetValue(key, out var setting))
            // A name with a dot belongs to an extension, which may not be loaded yet.
            return key.Contains('.', StringComparison.Ordinal) ? null : Unknown(known, key, value);
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

    private static Failure Unknown(
        ImmutableSortedDictionary<string, ObservedSetting> known, string key, string value)
    {
        var failure = Refused($"there is no setting '{key}'")
            .Because(FormerSettings.WhyNot(key)
                ?? $"PostgreSQL knows none of that name{Spelling.Hint(key, known.Keys)}");
        return FormerSettings.Instead(key, value) is { } instead
            ? failure.Try($"pgmahout config set \"{instead.Replace(" = ", "=", StringComparison.Ordinal)}\"")
            : failure;
    }

    private static Failure Refused(string what) =>
        new Failure(ErrorCatalogue.ConfigurationRefused, what).Try("pgmahout config explain NAME");
}

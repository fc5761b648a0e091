using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>All that is known, the telling before the general: a log says both about one failure.</summary>
internal static class Symptoms
{
    public static readonly ImmutableArray<Symptom> All =
    [
        .. AccessSymptoms.All, .. SettingSymptoms.All, .. MemorySymptoms.All, .. FileSymptoms.All,
        .. ReplicationSymptoms.All, .. ClientSymptoms.All, .. GeneralSymptoms.All,
    ];
}

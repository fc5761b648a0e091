using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Tuning;

/// <summary>Advice in the making: each improvement gives the next draft.</summary>
/// <param name="Part">What of the machine one member was given.</param>
/// <param name="Clients">The <c>max_connections</c> that is reckoned with.</param>
internal sealed record TuningDraft(
    TuningQuestion Question, Machine Part, int Clients, ImmutableArray<TuningSetting> Settings)
{
    public int Major => Question.Server.Major;

    public WorkloadType Workload => Question.Workload;

    public bool HasShortQueries => Workload switch
    {
        WorkloadType.Web or WorkloadType.Oltp or WorkloadType.Mixed => true,
        WorkloadType.DataWarehouse or WorkloadType.Desktop => false,
    };

    public TuningSetting? Find(string name) => Settings.FirstOrDefault(setting => setting.Name == name);

    /// <summary>Of a setting that every draft has.</summary>
    public long Memory(string name) => MemoryText.Kilobytes(Find(name)!.Value)!.Value;

    /// <param name="otherwise">PostgreSQL's default, where the draft sets nothing.</param>
    public long Count(string name, long otherwise) =>
        Find(name) is { } setting ? long.Parse(setting.Value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>In place of the value that it has, or after all others.</summary>
    public TuningDraft With(TuningRule rule, string name, string value, string reason)
    {
        var setting = new TuningSetting(name, value, rule, reason);
        var at = Settings.IndexOf(Find(name)!);
        return this with { Settings = at < 0 ? Settings.Add(setting) : Settings.SetItem(at, setting) };
    }

    /// <summary>What was there before, for the reason of what takes its place.</summary>
    public string Before(string name) => Find(name) is { } setting
        ? $"the classic formula says {setting.Value}"
        : "the classic formula leaves PostgreSQL's default";
}

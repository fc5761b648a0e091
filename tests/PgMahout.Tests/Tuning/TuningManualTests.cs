using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Tidy;
using Xunit;

namespace PgMahout.Tests.Tuning;

/// <summary>The manual says what the rules say.</summary>
public sealed class TuningManualTests
{
    private static readonly string Manual = Repository.Read("docs/tuning.md");

    [Fact]
    public void The_table_of_rules_is_the_rules()
    {
        var table = Enum.GetValues<TuningRule>()
            .Select(rule => $"| `{rule}` | {TuningRuleText.Meaning(rule)} | {TuningRuleText.Source(rule)} |");

        Violations.None(table.Where(row => !Manual.Contains(row, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_example_is_what_the_classic_rules_say()
    {
        var settings = ClassicTuning.For(
            new Machine(ByteSize.Gigabytes(4), 2, StorageType.Hdd), WorkloadType.Oltp, connections: 100);

        Violations.None(settings.Select(setting => $"{setting.Name} = {setting.Value}\n")
            .Where(line => !Manual.Contains(line, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_finding_of_a_running_server_is_there() =>
        Violations.None(Enum.GetNames<EvidenceRule>()
            .Where(rule => !Manual.Contains($"`{rule}`", StringComparison.Ordinal)));
}

using System.CommandLine;
using System.CommandLine.Parsing;
using PgMahout.CommandLine;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;

namespace PgMahout.Advising;

/// <summary>The options of <c>tune</c> and the request they make.</summary>
internal sealed class TuneOptions
{
    public Option<ByteSize?> Memory { get; } = new("--ram")
    {
        Description = "Memory, such as 4GB (default: what this machine has).",
        HelpName = "SIZE",
        CustomParser = ParseMemory,
    };

    public Option<int?> Processors { get; } = Number("--cpus", "Processors (default: those of this machine).");

    public Option<StorageType?> Storage { get; } = Choice<StorageType?>(
        "--storage", "What the data lies on (default: looked at and measured)",
        ("hdd", StorageType.Hdd), ("ssd", StorageType.Ssd), ("san", StorageType.San), ("nvme", StorageType.Nvme));

    public Option<int?> Connections { get; } = Number("--connections", "The wanted max_connections.");

    public Option<WorkloadType?> Workload { get; } = Choice<WorkloadType?>(
        "--type", "What the databases are used for (default oltp)",
        ("web", WorkloadType.Web), ("oltp", WorkloadType.Oltp), ("dw", WorkloadType.DataWarehouse),
        ("desktop", WorkloadType.Desktop), ("mixed", WorkloadType.Mixed));

    public Option<int?> Version { get; } =
        Number("--version", "Major version of PostgreSQL, 14 to 18 (default: the cluster's, else the installed one).");

    public Option<TuningRules?> Rules { get; } = Choice<TuningRules?>(
        "--rules", "Whose rules (default pgmahout)",
        ("pgmahout", TuningRules.Pgmahout), ("classic", TuningRules.Classic), ("pgtune", TuningRules.Pgtune));

    public Option<DatabaseSize?> Size { get; } = Choice<DatabaseSize?>(
        "--db-size", "All databases against the memory (default mid: one to three times)",
        ("less", DatabaseSize.LessThanMemory), ("mid", DatabaseSize.AroundMemory),
        ("greater", DatabaseSize.GreaterThanMemory));

    public Option<int?> Members { get; } =
        Number("--members", "Members that share the machine (default: the cluster's, else 1).");

    public Option<bool> Apply { get; } =
        new("--apply") { Description = "Bring what differs to the cluster, as `config apply` does." };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "With --apply: only say what it would do." };

    public Option<bool> Measure { get; } =
        new("--measure") { Description = "Try the advice with pgbench on a server of its own, group by group." };

    public Option<TimeSpan?> Each { get; } = new("--for")
    {
        Description = "With --measure: length of one run (default 30s).",
        HelpName = "DURATION",
        CustomParser = Durations.Parse,
    };

    public Option<int?> Rounds { get; } = Number("--rounds", "With --measure: rounds of each comparison (default 3).");

    public Option<int?> Scale { get; } =
        Number("--scale", "With --measure: size of the tables, 15 MB each (default 50).");

    public Option<string?> Plot { get; } =
        new("--plot") { Description = "With --measure: a file for the picture (SVG).", HelpName = "FILE" };

    public Option<AdviceFormat?> Output { get; } = OutputOption();

    public IEnumerable<Option> All =>
    [
        Memory, Processors, Storage, Connections, Workload, Version, Rules, Size, Members,
        Apply, DryRun, Measure, Each, Rounds, Scale, Plot, Output,
    ];

    public bool IsElsewhere(CommandResult result) =>
        result.GetResult(Memory) is not null || result.GetResult(Processors) is not null
        || result.GetResult(Storage) is not null;

    public AdviceRequest Request(ParseResult parse, OutputFormat otherwise) => new()
    {
        Memory = parse.GetValue(Memory),
        Processors = parse.GetValue(Processors),
        Storage = parse.GetValue(Storage),
        Connections = parse.GetValue(Connections),
        Workload = parse.GetValue(Workload) ?? WorkloadType.Oltp,
        Major = parse.GetValue(Version),
        Rules = parse.GetValue(Rules) ?? TuningRules.Pgmahout,
        Size = parse.GetValue(Size) ?? DatabaseSize.AroundMemory,
        Members = parse.GetValue(Members),
        Apply = parse.GetValue(Apply),
        DryRun = parse.GetValue(DryRun),
        Measure = parse.GetValue(Measure)
            ? new MeasureOptions(
                parse.GetValue(Each) ?? TimeSpan.FromSeconds(30), parse.GetValue(Rounds) ?? 3,
                parse.GetValue(Scale) ?? 50, parse.GetValue(Plot))
            : null,
        Format = parse.GetValue(Output) ?? AdviceFormats.Of(otherwise),
    };

    private static Option<int?> Number(string name, string description) =>
        new(name) { Description = description, HelpName = "N" };

    private static Option<AdviceFormat?> OutputOption()
    {
        var output = Choice<AdviceFormat?>(
            "--output", "Format",
            ("human", AdviceFormat.Human), ("plain", AdviceFormat.Plain), ("json", AdviceFormat.Json),
            ("conf", AdviceFormat.Conf), ("alter-system", AdviceFormat.AlterSystem));
        output.Aliases.Add("-o");
        return output;
    }

    private static Option<T> Choice<T>(string name, string description, params (string Word, T Value)[] choices)
    {
        var words = string.Join('|', choices.Select(choice => choice.Word));
        return new Option<T>(name)
        {
            Description = $"{description}: {words}.",
            HelpName = words,
            CustomParser = result => Chosen(result, name, choices),
        };
    }

    private static T? Chosen<T>(ArgumentResult result, string name, (string Word, T Value)[] choices)
    {
        var given = result.Tokens[0].Value;
        foreach (var (word, value) in choices)
            if (string.Equals(word, given, StringComparison.OrdinalIgnoreCase))
                return value;
        result.AddError($"'{given}' is not one of {string.Join('|', choices.Select(choice => choice.Word))} ({name})");
        return default;
    }

    private static ByteSize? ParseMemory(ArgumentResult result)
    {
        var given = result.Tokens[0].Value;
        if (MemoryText.Kilobytes(given) is { } kilobytes)
            return ByteSize.Kilobytes(kilobytes);
        result.AddError($"'{given}' is not an amount of memory: a whole number and a unit, such as 512MB, 4GB, 1TB");
        return null;
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using PgMahout.CommandLine;
using PgMahout.Core.Tuning;
using PgMahout.Output;

namespace PgMahout.Advising;

/// <summary>A measurement for people, scripts and programs.</summary>
internal static class MeasureText
{
    private const int BarWidth = 40;
    private const int Eighths = 8;
    private const string Blocks = " ▏▎▍▌▋▊▉█";

    public static string Render(Measurement measured, Screen screen) => screen.Format switch
    {
        OutputFormat.Human => Human(measured, screen.Paint),
        OutputFormat.Plain => Plain(measured),
        OutputFormat.Json => DocumentJson.Text(MeasureDocument.Of(measured), DocumentJson.Types.MeasureDocument),
    };

    public static string Estimate(MeasureOptions options, int comparisons)
    {
        var runs = comparisons * options.Rounds * 2;
        var span = Durations.Text((options.Each + TimeSpan.FromSeconds(4)) * runs);
        return $"{comparisons} comparisons of {options.Rounds} rounds, {runs} runs in all: about {span}";
    }

    public static string Progress(string title, int round, int rounds, Round seen) => string.Create(
        CultureInfo.InvariantCulture,
        $"[{round}/{rounds}] {title}: {seen.Without:F0} without, {seen.With:F0} with: x {seen.Ratio:F2}");

    public static string Title(SettingGroup group) => group switch
    {
        SettingGroup.Memory => "memory",
        SettingGroup.WriteAheadLog => "write-ahead log",
        SettingGroup.PlannerAndReading => "planner and reading",
        SettingGroup.Parallelism => "parallelism",
    };

    public static string Verdict(Trial trial) => trial.Comparison.Finding switch
    {
        Finding.Better => "better: kept",
        Finding.Worse => "worse: taken back",
        Finding.Undecided when trial.Comparison.IsTooShort => "too few rounds to say: kept for its reason",
        Finding.Undecided => "no difference seen: kept for its reason",
    };

    private static string Human(Measurement measured, Paint paint)
    {
        var text = new StringBuilder(Headline(measured, paint)).Append("\n\n");
        List<string[]> rows = [["TRIED", "WITHOUT", "WITH", "RATIO", "9 OF 10 LIE IN", "BETTER IN", "VERDICT"]];
        rows.AddRange(measured.All.Select(Row));
        text.Append(Columns.Align(rows, (row, line) => row == 0 ? paint.Faint(line) : line)).Append("\n\n");
        var most = measured.All.Max(trial => Math.Max(trial.Comparison.Without, trial.Comparison.With));
        foreach (var trial in measured.All)
            text.Append($"{trial.Title,-20} without ").Append(paint.Faint(Bar(trial.Comparison.Without, most)))
                .Append('\n').Append($"{"",-20} with    ").Append(paint.Good(Bar(trial.Comparison.With, most)))
                .Append('\n');
        return text.ToString().TrimEnd('\n');
    }

    private static string Headline(Measurement measured, Paint paint)
    {
        var total = measured.Total.Comparison;
        var (low, high) = total.Interval;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{paint.Strong($"x {Ratio(total.Ratio)}")} the transactions of PostgreSQL's defaults "
            + $"({low:F2} to {high:F2})   PostgreSQL {measured.Major}, {Word(measured.Workload)}, "
            + $"{measured.Clients} clients, scale {measured.Options.Scale}, {measured.Options.Rounds} rounds of "
            + $"{measured.Options.Each.TotalSeconds} s");
    }

    private static string[] Row(Trial trial)
    {
        var compared = trial.Comparison;
        var (low, high) = compared.Interval;
        return
        [
            trial.Title, Rate(compared.Without), Rate(compared.With), "x " + Ratio(compared.Ratio),
            $"{Ratio(low)} to {Ratio(high)}", $"{compared.RoundsBetter} of {compared.Rounds.Length}", Verdict(trial),
        ];
    }

    private static string Plain(Measurement measured) => string.Join('\n', measured.All.Select(trial =>
        Columns.Tabbed([.. Row(trial).Prepend("trial")])));

    private static string Bar(double value, double most)
    {
        var eighths = (int)Math.Round(value / most * BarWidth * Eighths);
        var rest = eighths % Eighths == 0 ? "" : Blocks[eighths % Eighths].ToString();
        return $"{new string('█', eighths / Eighths)}{rest} {Rate(value)}";
    }

    internal static string Word(WorkloadType workload) => workload.ToString().ToLowerInvariant();

    private static string Rate(double value) => value.ToString("F0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}

/// <summary>The JSON of <c>tune --measure -o json</c>. Rates are transactions per second.</summary>
/// <param name="Total">All that was kept against PostgreSQL's defaults.</param>
public sealed record MeasureDocument(
    int Schema,
    int Version,
    string Workload,
    int Clients,
    int Scale,
    double RunSeconds,
    ImmutableArray<TrialDocument> Groups,
    TrialDocument Total)
{
    internal static MeasureDocument Of(Measurement measured) => new(
        DocumentJson.Schema, measured.Major, MeasureText.Word(measured.Workload), measured.Clients,
        measured.Options.Scale, measured.Options.Each.TotalSeconds,
        [.. measured.Groups.Select(Of)], Of(measured.Total));

    private static TrialDocument Of(Trial trial)
    {
        var (low, high) = trial.Comparison.Interval;
        return new TrialDocument(
            trial.Title, trial.Settings,
            trial.Comparison.Without, trial.Comparison.With, trial.Comparison.Ratio, low, high,
            trial.Comparison.Finding.ToString().ToLowerInvariant(), trial.IsKept,
            [.. trial.Comparison.Rounds.Select(round => new RoundDocument(round.Without, round.With))]);
    }
}

/// <param name="Finding">better, worse or undecided.</param>
public sealed record TrialDocument(
    string Title, ImmutableSortedDictionary<string, string> Settings, double Without, double With, double Ratio,
    double RatioLow, double RatioHigh, string Finding, bool Kept, ImmutableArray<RoundDocument> Rounds);

public sealed record RoundDocument(double Without, double With);

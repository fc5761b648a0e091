using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Diagnosis;
using PgMahout.Output;

namespace PgMahout.Doctor;

/// <summary>Findings for people and for programs; the worst come first.</summary>
internal static class DoctorText
{
    public static DoctorDocument Document(ImmutableArray<CheckResult> results) => new(
        DocumentJson.Schema,
        Word(Worst(results)),
        [
            .. results.Select(result => new CheckDocument(
                result.Kind.Code, result.Kind.Name, result.Subject, Word(result.Verdict), result.Text,
                result.Evidence, result.Fixes)),
        ]);

    public static string Plain(ImmutableArray<CheckResult> results) => string.Join('\n', results.Select(result =>
        Columns.Tabbed(
            Word(result.Verdict), result.Kind.Code, result.Subject, result.Kind.Name, result.Text,
            result.Fixes.FirstOrDefault())));

    /// <param name="all">Those that are well one by one, instead of their number.</param>
    public static string Human(ImmutableArray<CheckResult> results, Paint paint, bool all)
    {
        var text = new StringBuilder();
        var counts = results.CountBy(result => result.Verdict).OrderByDescending(count => count.Key)
            .Select(count => $"{count.Value} {Word(count.Key)}");
        text.Append(Painted(Worst(results), Word(Worst(results)), paint)).Append("   ")
            .AppendLine(string.Join(", ", counts));
        foreach (var result in results.Where(result => all || result.Verdict != CheckVerdict.Ok))
            Append(text.AppendLine(), result, paint);
        if (!all && Worst(results) == CheckVerdict.Ok)
            text.AppendLine(paint.Faint("pgmahout doctor -v    (every check)"));
        return text.ToString().TrimEnd();
    }

    private static void Append(StringBuilder text, CheckResult result, Paint paint)
    {
        text.Append(Painted(result.Verdict, Word(result.Verdict).PadRight(8), paint))
            .Append(result.Kind.Code).Append("  ").Append(result.Subject).Append("  ").AppendLine(result.Kind.Name)
            .Append("  ").AppendLine(result.Text);
        foreach (var evidence in result.Evidence)
            text.Append("  | ").AppendLine(paint.Faint(evidence));
        var label = "try";
        foreach (var fix in result.Fixes)
        {
            text.Append("  ").Append(label.PadRight(5)).AppendLine(fix);
            label = "";
        }
    }

    // Unknown is nobody's fault; it colours no verdict of the whole.
    private static CheckVerdict Worst(ImmutableArray<CheckResult> results) =>
        results.Max(result => result.Verdict) is var worst && worst == CheckVerdict.Unknown ? CheckVerdict.Ok : worst;

    private static string Word(CheckVerdict verdict) => verdict switch
    {
        CheckVerdict.Ok => "ok",
        CheckVerdict.Unknown => "unknown",
        CheckVerdict.Warning => "warning",
        CheckVerdict.Broken => "broken",
    };

    private static string Painted(CheckVerdict verdict, string text, Paint paint) => verdict switch
    {
        CheckVerdict.Ok => paint.Good(text),
        CheckVerdict.Unknown => paint.Faint(text),
        CheckVerdict.Warning => paint.Warning(text),
        CheckVerdict.Broken => paint.Bad(text),
    };
}

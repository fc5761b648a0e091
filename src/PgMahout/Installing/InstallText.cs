using System.Text;
using PgMahout.Core.Installation;

namespace PgMahout.Installing;

/// <summary>A plan as a script: what is printed can be run as it is.</summary>
internal static class InstallText
{
    public static string Of(InstallPlan plan)
    {
        var text = new StringBuilder();
        foreach (var step in plan.Steps)
        {
            text.Append("# ").Append(step.Title).AppendLine(step.Why == "" ? "" : ": " + step.Why);
            text.AppendLine(Of(step));
        }
        foreach (var note in plan.Notes)
            text.Append("# note: ").AppendLine(note);
        return text.ToString().TrimEnd();
    }

    public static string Of(InstallStep step) => step switch
    {
        InstallStep.Run run => string.Join(' ', run.Arguments.Select(Quoted)),
        InstallStep.Write { Replaced: { } old } write =>
            $"sed -i -E '/^[[:space:]]*{old}[[:space:]]*=/d' {write.Path}"
            + $" && printf '%s\\n' {Quoted(write.Content.TrimEnd())} >> {write.Path}",
        InstallStep.Write write => $"cat > {write.Path} <<'END'\n{write.Content}END",
        _ => throw new InvalidOperationException($"unknown step {step.GetType().Name}"),
    };

    private static string Quoted(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or '+' or ',')
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}

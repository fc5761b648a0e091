using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>
/// Takes out of a text what would keep a server from starting: one line that PostgreSQL does not take makes it refuse
/// the whole file.
/// </summary>
/// <param name="Text">The lines that are kept, as they were, and a comment in the place of each that is not.</param>
/// <param name="LeftOut">Why not.</param>
public sealed record HbaFilter(string Text, ImmutableArray<HbaError> LeftOut)
{
    /// <param name="exists">Whether there is a file at a path as it is written in the text.</param>
    public static HbaFilter Apply(string text, HbaDialect dialect, Func<string, bool> exists)
    {
        var file = HbaFile.Parse(text, dialect);
        var lines = text.TrimEnd('\n', '\r').Split('\n');
        var leftOut = ImmutableArray.CreateBuilder<HbaError>();
        foreach (var entry in file.Entries)
        {
            if (WhyNot(entry, exists) is not { } error)
                continue;
            leftOut.Add(error);
            for (var line = entry.Line; line < entry.Line + entry.LineCount && line <= lines.Length; line++)
                lines[line - 1] = "# left out: " + Harmless(line == entry.Line ? error.ToString() : "(continued)");
        }
        // A backslash at the very end would swallow what somebody appends.
        return new HbaFilter(Harmless(string.Join('\n', lines)) + "\n", leftOut.ToImmutable());
    }

    private static HbaError? WhyNot(HbaEntry entry, Func<string, bool> exists) => entry switch
    {
        HbaEntry.Broken broken => broken.Error,
        HbaEntry.Include { Kind: HbaInclude.File or HbaInclude.Directory } include when !exists(include.Path) =>
            new HbaError(entry.Line, 1, $"could not open file \"{include.Path}\"", ""),
        HbaEntry.Include => null,
        HbaEntry.Ruling { Rule: var rule } => MissingFile(rule, exists),
        _ => throw new InvalidOperationException("a closed hierarchy"),
    };

    private static HbaError? MissingFile(HbaRule rule, Func<string, bool> exists) =>
        rule.Databases.Concat(rule.Users).FirstOrDefault(token => token.IsFile && !exists(token.Text[1..])) is { } token
            ? new HbaError(token.Line, token.Column, $"could not open file \"{token.Text[1..]}\"", "")
            : null;

    private static string Harmless(string comment) => comment.TrimEnd('\\', ' ', '\r');
}

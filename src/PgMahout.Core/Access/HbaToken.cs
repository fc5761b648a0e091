namespace PgMahout.Core.Access;

/// <summary>One word of a line.</summary>
/// <param name="Text">Without its quotes.</param>
/// <param name="Quoted">It begins with a quote, so keywords in it mean nothing.</param>
/// <param name="Line">In the file, from 1; of a continued line, the physical one.</param>
/// <param name="Column">From 1, in characters.</param>
public sealed record HbaToken(string Text, bool Quoted, int Line, int Column)
{
    /// <summary>A regular expression after a slash; from version 16 on.</summary>
    public bool IsPattern { get; init; }

    public bool IsKeyword(string word) => !Quoted && Text == word;

    /// <summary>The words in another file stand for this one.</summary>
    public bool IsFile => !Quoted && Text.Length > 1 && Text[0] == '@';

    /// <summary>As it can be written into a file again.</summary>
    public override string ToString() =>
        Quoted || Text.Length == 0 || Text.Any(c => c is ' ' or '\t' or ',' or '#' or '"')
            ? '"' + Text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"'
            : Text;
}

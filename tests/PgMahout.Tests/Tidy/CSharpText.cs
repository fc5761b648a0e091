using System.Text;

namespace PgMahout.Tests.Tidy;

/// <summary>
/// C# with the inside of every comment and literal replaced by spaces, so that what is left can be searched for
/// braces and words. Lines and columns stay where they were.
/// </summary>
internal sealed class CSharpText
{
    private readonly string _source;
    private readonly StringBuilder _code;
    private int _at;

    private CSharpText(string source)
    {
        _source = source;
        _code = new StringBuilder(source);
    }

    public static string CodeOf(string source)
    {
        var text = new CSharpText(source);
        text.SkimCode(untilBrace: false);
        return text._code.ToString();
    }

    private char Current => Peek(0);

    private char Peek(int ahead) => _at + ahead < _source.Length ? _source[_at + ahead] : '\0';

    private bool Follows(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private void SkimCode(bool untilBrace)
    {
        var depth = 0;
        while (_at < _source.Length)
        {
            if (untilBrace && Current == '}' && depth-- == 0)
                return;
            if (Current == '{')
                depth++;
            if (Follows("//"))
                Blank(EndOf("\n", _at) - 1 - _at);
            else if (Follows("/*"))
                Blank(EndOf("*/", _at) - _at);
            else if (Current == '\'')
                SkimQuoted('\'', holes: false);
            else if (Current is '"' or '$' or '@' && StringStart() is { } start)
                SkimString(start);
            else
                _at++;
        }
    }

    /// <summary>The prefix of a string literal that begins here; null when none does.</summary>
    private string? StringStart()
    {
        var length = 0;
        while (Peek(length) is '$' or '@')
            length++;
        return Peek(length) == '"' ? _source.Substring(_at, length) : null;
    }

    private void SkimString(string prefix)
    {
        _at += prefix.Length;
        var quotes = 0;
        while (Peek(quotes) == '"')
            quotes++;
        if (quotes >= 3)
            Blank(EndOf(new string('"', quotes), _at + quotes) - _at);
        else if (prefix.Contains('@', StringComparison.Ordinal))
            SkimVerbatim();
        else
            SkimQuoted('"', holes: prefix.Contains('$', StringComparison.Ordinal));
    }

    private void SkimQuoted(char quote, bool holes)
    {
        Blank(1);
        while (_at < _source.Length && Current != quote && Current != '\n')
            if (holes && Current == '{' && Peek(1) != '{')
                SkimHole();
            else
                Blank(Current == '\\' || (holes && Follows("{{")) ? 2 : 1);
        Blank(1);
    }

    private void SkimVerbatim()
    {
        Blank(1);
        while (_at < _source.Length && (Current != '"' || Peek(1) == '"'))
            Blank(Current == '"' ? 2 : 1);
        Blank(1);
    }

    private void SkimHole()
    {
        Blank(1);
        var start = _at;
        SkimCode(untilBrace: true);
        var length = _at - start + 1;
        _at = start;
        Blank(length);
    }

    private int EndOf(string closing, int from)
    {
        var found = _source.IndexOf(closing, Math.Min(from, _source.Length), StringComparison.Ordinal);
        return found < 0 ? _source.Length : found + closing.Length;
    }

    private void Blank(int count)
    {
        for (; count > 0 && _at < _source.Length; count--, _at++)
            if (_source[_at] != '\n')
                _code[_at] = ' ';
    }
}

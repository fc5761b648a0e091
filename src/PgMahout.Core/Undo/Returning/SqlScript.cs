using System.Collections.Immutable;

namespace PgMahout.Core.Undo.Returning;

/// <summary>
/// Takes the output of <c>pg_dump</c> apart into statements, by the rules by which psql finds their ends. Lines that
/// are commands to psql itself are left out.
/// </summary>
public ref struct SqlScript
{
    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _parentheses;
    private int _blocks;
    private bool _isRoutine;

    private SqlScript(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Without the semicolons at their ends, and without comments before them; none is empty.</summary>
    public static ImmutableArray<string> Statements(string text)
    {
        var script = new SqlScript(text);
        var statements = ImmutableArray.CreateBuilder<string>();
        while (script.Next() is { } statement)
            statements.Add(statement);
        return statements.ToImmutable();
    }

    private string? Next()
    {
        SkipToStatement();
        if (_at >= _text.Length)
            return null;
        var start = _at;
        _parentheses = _blocks = 0;
        _isRoutine = false;
        while (_at < _text.Length && !(_text[_at] == ';' && _parentheses == 0 && _blocks == 0))
            Step();
        var statement = _text[start.._at].TrimEnd().ToString();
        _at++;
        return statement;
    }

    private void SkipToStatement()
    {
        while (_at < _text.Length)
            if (char.IsWhiteSpace(_text[_at]) || _text[_at] == ';')
                _at++;
            else if (_text[_at] == '\\')
                SkipLine();
            else if (!SkipComment())
                return;
    }

    private void Step()
    {
        if (SkipComment())
            return;
        switch (_text[_at])
        {
            case '\'':
                SkipString(IsEscaped());
                break;
            case '"':
                SkipTo("\"");
                break;
            case '$' when DollarTag() is { } tag:
                _at += tag - 1;
                SkipTo(_text[(_at - tag + 1)..(_at + 1)]);
                break;
            case '(':
                _parentheses++;
                _at++;
                break;
            case ')':
                _parentheses--;
                _at++;
                break;
            case var letter when IsWord(letter):
                StepWord();
                break;
            default:
                _at++;
                break;
        }
    }

    /// <summary>The body of a routine may be a block of statements with semicolons of their own.</summary>
    private void StepWord()
    {
        var start = _at;
        while (_at < _text.Length && (IsWord(_text[_at]) || (_text[_at] == '$' && _at > start)))
            _at++;
        var word = _text[start.._at];
        if (word.Equals("function", StringComparison.OrdinalIgnoreCase)
            || word.Equals("procedure", StringComparison.OrdinalIgnoreCase))
            _isRoutine = true;
        else if (!_isRoutine || _parentheses > 0)
            return;
        else if (word.Equals("begin", StringComparison.OrdinalIgnoreCase)
            || (_blocks > 0 && word.Equals("case", StringComparison.OrdinalIgnoreCase)))
            _blocks++;
        else if (_blocks > 0 && word.Equals("end", StringComparison.OrdinalIgnoreCase))
            _blocks--;
    }

    private void SkipLine()
    {
        while (_at < _text.Length && _text[_at] != '\n')
            _at++;
    }

    private bool SkipComment()
    {
        var rest = _text[_at..];
        if (rest.StartsWith("--"))
        {
            SkipLine();
            return true;
        }
        if (!rest.StartsWith("/*"))
            return false;
        var depth = 0;
        do
        {
            rest = _text[_at..];
            var (opens, closes) = (rest.StartsWith("/*"), rest.StartsWith("*/"));
            depth += (opens ? 1 : 0) - (closes ? 1 : 0);
            _at += opens || closes ? 2 : 1;
        }
        while (depth > 0 && _at < _text.Length);
        return true;
    }

    /// <summary>A quote that is doubled ends one string and begins the next, which comes to the same.</summary>
    private void SkipString(bool escaped)
    {
        for (_at++; _at < _text.Length && _text[_at] != '\''; _at++)
            if (escaped && _text[_at] == '\\')
                _at++;
        _at++;
    }

    private readonly bool IsEscaped() =>
        _at > 0 && _text[_at - 1] is 'E' or 'e' && (_at == 1 || !IsWord(_text[_at - 2]));

    private void SkipTo(ReadOnlySpan<char> end)
    {
        var found = _text[(_at + 1)..].IndexOf(end, StringComparison.Ordinal);
        _at = found < 0 ? _text.Length : _at + 1 + found + end.Length;
    }

    /// <summary>The length of <c>$$</c> or <c>$tag$</c>, if one is here.</summary>
    private readonly int? DollarTag()
    {
        var end = _at + 1;
        while (end < _text.Length && IsWord(_text[end]))
            end++;
        var isTag = end < _text.Length && _text[end] == '$' && !(end > _at + 1 && char.IsAsciiDigit(_text[_at + 1]));
        return isTag ? end - _at + 1 : null;
    }

    private static bool IsWord(char letter) => char.IsLetterOrDigit(letter) || letter == '_' || letter > 127;
}

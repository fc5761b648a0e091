using System.Buffers;

namespace PgMahout.Core.Proxy.Routing;

internal enum SqlToken : byte
{
    End,
    Word,
    QuotedName,
    Text,
    Number,
    Parameter,
    Open,
    Close,
    Comma,
    Semicolon,
    Dot,
    Other,
}

/// <summary>
/// Tokens of PostgreSQL's SQL, as far as telling statements apart needs them: where comments, strings and names end.
/// One pass, no allocation, never beyond the text. The encoding must keep ASCII apart
/// (<see cref="StatementJudge.Understands"/>).
/// </summary>
internal ref struct SqlLexer(ReadOnlySpan<byte> sql)
{
    private const byte Space = 1, Letter = 2, Digit = 4, Dollars = 8;
    private static readonly byte[] Classes = ClassesOfBytes();
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\n\r"u8);

    private readonly ReadOnlySpan<byte> _sql = sql;
    private int _at;
    private int _start;
    private int _end;

    /// <summary>
    /// Where something ends cannot be told from the text alone: it depends on standard_conforming_strings, or the text
    /// ends within it, or a name is written so that it would have to be decoded first.
    /// </summary>
    public bool Doubtful { get; private set; }

    /// <summary>Of a word its letters as they stand; of a quoted name what is between the quotes.</summary>
    public readonly ReadOnlySpan<byte> Content => _sql[_start.._end];

    /// <summary>Where the content begins, in bytes from the beginning of the text.</summary>
    public readonly int Start => _start;
    public readonly int Length => _end - _start;

    /// <summary>Where the last token ends.</summary>
    public readonly int Position => _at;

    public SqlToken Next()
    {
        while (_at < _sql.Length)
        {
            var first = _sql[_at];
            _start = _at;
            switch (Classes[first])
            {
                case Space:
                    _at++;
                    continue;
                case Letter:
                    return Word();
                case Digit:
                    return Number();
            }
            if (first == (byte)'-' && Follows((byte)'-'))
                SkipLine();
            else if (first == (byte)'/' && Follows((byte)'*'))
                SkipComment();
            else
                return Sign(first);
        }
        _start = _end = _at;
        return SqlToken.End;
    }

    private SqlToken Sign(byte first)
    {
        switch (first)
        {
            case (byte)'\'':
                return Plain(_at + 1);
            case (byte)'"':
                return Quoted(_at + 1);
            case (byte)'$':
                return Dollar();
        }
        _end = ++_at;
        return first switch
        {
            (byte)'(' => SqlToken.Open,
            (byte)')' => SqlToken.Close,
            (byte)',' => SqlToken.Comma,
            (byte)';' => SqlToken.Semicolon,
            (byte)'.' => SqlToken.Dot,
            _ => SqlToken.Other,
        };
    }

    private readonly bool Follows(byte expected) => _at + 1 < _sql.Length && _sql[_at + 1] == expected;

    private SqlToken Word()
    {
        var sql = _sql;
        var at = _at + 1;
        while ((uint)at < (uint)sql.Length && (Classes[sql[at]] & (Letter | Digit | Dollars)) != 0)
            at++;
        _end = _at = at;
        if (_end - _start != 1 || _at >= _sql.Length)
            return SqlToken.Word;
        var prefix = _sql[_start] | 0x20;
        return _sql[_at] switch
        {
            (byte)'\'' when prefix == 'e' => Escaped(_at + 1),
            (byte)'\'' when prefix is 'b' or 'x' or 'n' => Plain(_at + 1),
            (byte)'&' when prefix == 'u' && Follows((byte)'\'') => Plain(_at + 2),
            (byte)'&' when prefix == 'u' && Follows((byte)'"') => UnicodeName(),
            _ => SqlToken.Word,
        };
    }

    private SqlToken Number()
    {
        while (_at < _sql.Length && (Classes[_sql[_at]] == Digit || _sql[_at] == (byte)'.'))
            _at++;
        _end = _at;
        return SqlToken.Number;
    }

    private SqlToken UnicodeName()
    {
        Doubtful = true;
        return Quoted(_at + 2);
    }

    /// <summary>A quote inside is written twice, which is not undone here: such a name is left in doubt.</summary>
    private SqlToken Quoted(int from)
    {
        _start = from;
        var length = _sql[from..].IndexOf((byte)'"');
        if (length < 0)
            return Endless(SqlToken.QuotedName);
        _end = from + length;
        _at = _end + 1;
        if (_at < _sql.Length && _sql[_at] == (byte)'"')
            Doubtful = true;
        return SqlToken.QuotedName;
    }

    private SqlToken Plain(int from)
    {
        _start = from;
        for (var at = from; ; at += 2)
        {
            var length = _sql[at..].IndexOf((byte)'\'');
            if (length < 0)
                return Endless(SqlToken.Text);
            at += length;
            // With standard_conforming_strings off, this would be a quote inside the string.
            if (at > from && _sql[at - 1] == (byte)'\\')
                Doubtful = true;
            if (at + 1 >= _sql.Length || _sql[at + 1] != (byte)'\'')
                return Ended(at, 1, SqlToken.Text);
        }
    }

    private SqlToken Escaped(int from)
    {
        _start = from;
        for (var at = from; ; at += 2)
        {
            var length = at > _sql.Length ? -1 : _sql[at..].IndexOfAny((byte)'\'', (byte)'\\');
            if (length < 0)
                return Endless(SqlToken.Text);
            at += length;
            if (_sql[at] == (byte)'\'' && (at + 1 >= _sql.Length || _sql[at + 1] != (byte)'\''))
                return Ended(at, 1, SqlToken.Text);
        }
    }

    private SqlToken Dollar()
    {
        var at = _at + 1;
        if (at < _sql.Length && Classes[_sql[at]] == Digit)
            return Parameter(at);
        if (at < _sql.Length && Classes[_sql[at]] == Letter)
            while (at < _sql.Length && (Classes[_sql[at]] & (Letter | Digit)) != 0)
                at++;
        if (at >= _sql.Length || _sql[at] != (byte)'$')
        {
            _end = ++_at;
            return SqlToken.Other;
        }
        var tag = _sql[_at..(at + 1)];
        _start = at + 1;
        var length = _sql[_start..].IndexOf(tag);
        return length < 0 ? Endless(SqlToken.Text) : Ended(_start + length, tag.Length, SqlToken.Text);
    }

    private SqlToken Parameter(int at)
    {
        while (at < _sql.Length && Classes[_sql[at]] == Digit)
            at++;
        _end = _at = at;
        return SqlToken.Parameter;
    }

    private SqlToken Ended(int end, int quotes, SqlToken token)
    {
        _end = end;
        _at = end + quotes;
        return token;
    }

    private SqlToken Endless(SqlToken token)
    {
        Doubtful = true;
        _start = Math.Min(_start, _sql.Length);
        _end = _at = _sql.Length;
        return token;
    }

    private void SkipLine()
    {
        var length = _sql[_at..].IndexOfAny(LineEnds);
        _at = length < 0 ? _sql.Length : _at + length;
    }

    /// <summary>Comments of this kind stand within each other.</summary>
    private void SkipComment()
    {
        _at += 2;
        for (var depth = 1; depth > 0; _at += 2)
        {
            var length = _at > _sql.Length ? -1 : _sql[_at..].IndexOfAny((byte)'*', (byte)'/');
            if (length < 0 || _at + length + 1 >= _sql.Length)
            {
                Endless(SqlToken.End);
                return;
            }
            _at += length;
            if (_sql[_at] == (byte)'*' && _sql[_at + 1] == (byte)'/')
                depth--;
            else if (_sql[_at] == (byte)'/' && _sql[_at + 1] == (byte)'*')
                depth++;
            else
                _at--;
        }
    }

    private static byte[] ClassesOfBytes()
    {
        var classes = new byte[256];
        foreach (var space in " \t\n\r\f\v"u8)
            classes[space] = Space;
        classes['$'] = Dollars;
        for (var value = 0; value < 256; value++)
            if (value >= 0x80 || value == '_' || (value | 0x20) is >= 'a' and <= 'z')
                classes[value] = Letter;
            else if (value is >= '0' and <= '9')
                classes[value] = Digit;
        return classes;
    }
}

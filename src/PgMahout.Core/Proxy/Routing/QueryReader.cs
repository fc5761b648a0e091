namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// Reads one query, token by token, until something in it is not known to be a mere read. It does not parse: it holds
/// against the query every word that could change anything, every function called that is not known, and every name of
/// what differs between servers.
/// </summary>
internal ref struct QueryReader(ReadOnlySpan<byte> sql, NameRules rules)
{
    private readonly ReadOnlySpan<byte> _sql = sql;
    private SqlToken _last = SqlToken.End;
    private SqlToken _before = SqlToken.End;
    private SqlWord _word;
    private SqlWord _wordBefore;
    private Place _name;
    private Place _schema;
    private bool _nameQuoted;
    private bool _schemaQuoted;
    private bool _qualified;
    private bool _headers;
    private int _depth;

    private readonly record struct Place(int Start, int Length);

    /// <summary>The query began with WITH: until its main part, a name with a list behind it is one it gives.</summary>
    public bool BeginsWithHeaders { init => _headers = value; }

    /// <summary>INTO was met, and the next token tells what.</summary>
    public readonly bool MetInto => _word == SqlWord.Into && _last == SqlToken.Word;

    public readonly bool IsBalanced => _depth == 0;

    /// <summary>False when the query is not known to be a mere read, for this token or for the one before.</summary>
    public bool Accepts(SqlToken token, in SqlLexer lexer)
    {
        var isName = _last is SqlToken.Word or SqlToken.QuotedName;
        if (isName && !(token == SqlToken.Open ? IsHarmlessBeforeParenthesis() : IsHarmlessName()))
            return false;
        if (token == SqlToken.Open)
            Open(isName);
        else if (token == SqlToken.Close)
            _depth--;
        if (token is SqlToken.Word or SqlToken.QuotedName)
            Keep(new Place(lexer.Start, lexer.Length), token == SqlToken.QuotedName);
        _wordBefore = _word;
        _word = token == SqlToken.Word && !_qualified ? SqlWords.Find(lexer.Content) : SqlWord.Other;
        _before = _last;
        _last = token;
        return IsHarmlessWord();
    }

    private readonly ReadOnlySpan<byte> In(Place place) => _sql.Slice(place.Start, place.Length);

    private void Keep(Place content, bool quoted)
    {
        _qualified = _last == SqlToken.Dot && _before is SqlToken.Word or SqlToken.QuotedName;
        if (_qualified)
        {
            _schema = _name;
            _schemaQuoted = _nameQuoted;
        }
        _name = content;
        _nameQuoted = quoted;
    }

    private bool IsHarmlessWord()
    {
        if (_depth == 0 && _word is SqlWord.Select or SqlWord.Values or SqlWord.Table)
            _headers = false;
        var locks = _word == SqlWord.Share && _wordBefore is SqlWord.For or SqlWord.Key;
        return !locks && _word is not (SqlWord.Modifies or SqlWord.Into);
    }

    /// <summary>A parenthesis on the level of WITH that is neither a list of columns nor a query with a name.</summary>
    private void Open(bool afterName)
    {
        if (_depth == 0 && !(afterName && (IsHeader() || _word is SqlWord.As or SqlWord.Materialized)))
            _headers = false;
        _depth++;
    }

    private readonly bool IsHeader() =>
        _wordBefore is SqlWord.With or SqlWord.Recursive || (_headers && _depth == 0 && _before == SqlToken.Comma);

    /// <summary>A word with a parenthesis behind it is of the grammar, or gives names, or calls a function.</summary>
    private readonly bool IsHarmlessBeforeParenthesis()
    {
        if (!_qualified && (_wordBefore == SqlWord.As || IsHeader()))
            return true;
        if (_last == SqlToken.Word && !_qualified && IsGrammar())
            return true;
        var name = new SqlName(In(_name), _nameQuoted);
        var schema = _qualified ? new SqlName(In(_schema), _schemaQuoted) : default;
        if (NameRules.Any(rules.Writing, name, schema))
            return false;
        if (NameRules.Any(rules.Reading, name, schema))
            return true;
        return IsOfPostgres(name, schema);
    }

    private readonly bool IsOfPostgres(SqlName name, SqlName schema)
    {
        if (_qualified && !SqlWords.AreSame(schema.Text, "pg_catalog"u8))
            return false;
        if (name.Quoted && name.Text.IndexOfAnyInRange((byte)'A', (byte)'Z') >= 0)
            return false;
        return SqlWords.Find(name.Text) is SqlWord.Function or SqlWord.LastValue;
    }

    private readonly bool IsGrammar() =>
        _word is SqlWord.Syntax or SqlWord.Select or SqlWord.Values or SqlWord.As or SqlWord.Not or SqlWord.For
            or SqlWord.All or SqlWord.Only or SqlWord.To or SqlWord.Time or SqlWord.Character or SqlWord.Ordering
            or SqlWord.Grouping
        || (_word == SqlWord.AfterParenthesis && _before == SqlToken.Close)
        || (_wordBefore, _word)
            is (SqlWord.Ordering or SqlWord.Partition, SqlWord.By)
            or (SqlWord.By, SqlWord.Rollup)
            or (SqlWord.Grouping, SqlWord.Sets)
            or (SqlWord.Time, SqlWord.Zone)
            or (SqlWord.Tablesample, SqlWord.SamplingMethod)
            or (SqlWord.Character, SqlWord.Varying)
            or (SqlWord.Not, SqlWord.Materialized);

    /// <summary>Not called: a table, a column, an alias, or a word of the grammar.</summary>
    private readonly bool IsHarmlessName()
    {
        var text = In(_name);
        if (text.Length >= 3 && text[2] == (byte)'_' && SqlWords.AreSame(text[..3], "pg_"u8)
            && SqlWords.Find(text) != SqlWord.Catalog)
            return false;
        if (_word == SqlWord.LastValue || (_qualified && SqlWords.AreSame(text, "last_value"u8)))
            return false;
        if (rules.Writing.IsEmpty)
            return true;
        var schema = _qualified ? new SqlName(In(_schema), _schemaQuoted) : default;
        return !NameRules.Any(rules.Writing, new SqlName(text, _nameQuoted), schema);
    }
}

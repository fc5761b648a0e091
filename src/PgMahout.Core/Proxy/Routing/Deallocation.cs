namespace PgMahout.Core.Proxy.Routing;

/// <summary>What <c>DEALLOCATE [PREPARE] name|ALL</c> says, when a text is exactly that.</summary>
public readonly ref struct Deallocation
{
    /// <summary>The longest name that PostgreSQL keeps, in bytes: NAMEDATALEN - 1.</summary>
    public const int LongestName = 63;

    private readonly SqlName _name;

    private Deallocation(SqlName name, bool all)
    {
        _name = name;
        IsAll = all;
    }

    public bool IsAll { get; }

    /// <summary>Puts the name as the server takes it (letters that are not quoted small, cut at 63 bytes).</summary>
    /// <param name="name">Room for <see cref="LongestName"/> bytes.</param>
    /// <returns>Its length in bytes.</returns>
    public int CopyName(Span<byte> name)
    {
        var length = Math.Min(_name.Text.Length, LongestName);
        for (var i = 0; i < length; i++)
            name[i] = _name[i];
        // A letter of several bytes is not cut through.
        while (length < _name.Text.Length && length > 0 && (_name.Text[length] & 0xC0) == 0x80)
            length--;
        return length;
    }

    public static bool TryParse(ReadOnlySpan<byte> sql, out Deallocation deallocation)
    {
        deallocation = default;
        var lexer = new SqlLexer(sql);
        if (FirstWord(ref lexer) != SqlWord.Deallocate)
            return false;
        var token = lexer.Next();
        var content = lexer.Content;
        var after = lexer.Next();
        if (token == SqlToken.Word && SqlWords.Find(content) == SqlWord.Prepare
            && after is SqlToken.Word or SqlToken.QuotedName)
        {
            token = after;
            content = lexer.Content;
            after = lexer.Next();
        }
        while (after == SqlToken.Semicolon)
            after = lexer.Next();
        if (token is not (SqlToken.Word or SqlToken.QuotedName) || after != SqlToken.End || lexer.Doubtful)
            return false;
        var isAll = token == SqlToken.Word && SqlWords.Find(content) == SqlWord.All;
        deallocation = new Deallocation(new SqlName(content, token == SqlToken.QuotedName), isAll);
        return true;
    }

    private static SqlWord FirstWord(ref SqlLexer lexer)
    {
        var token = lexer.Next();
        return StatementJudge.WordOf(lexer, token);
    }
}

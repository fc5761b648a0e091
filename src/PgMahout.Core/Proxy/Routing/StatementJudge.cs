using System.Buffers;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// Tells from its text where a statement may go, without allocating and in one pass. A statement is a read only when
/// everything in it is understood; the rest goes to the primary, which can serve anything. What a text cannot show is
/// not seen: that a view, an operator, a cast or a column written as t.f calls a function that writes (a standby
/// refuses that with 25006), or that a table is unlogged (0A000). <see cref="NameRules"/> can name those.
/// </summary>
public sealed class StatementJudge(NameRules rules)
{
    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n\f\v;"u8);

    // Text in these can have the bytes of ASCII signs inside its letters, so that quotes cannot be told.
    private static readonly string[] Ambiguous =
    [
        "SJIS", "SHIFTJIS", "SHIFTJIS2004", "MSKANJI", "WIN932", "WINDOWS932", "GBK", "WIN936", "WINDOWS936", "UHC",
        "WIN949", "WINDOWS949", "BIG5", "WIN950", "WINDOWS950", "GB18030", "JOHAB",
    ];

    /// <summary>Whether texts in this client_encoding can be judged; in another all are for the primary.</summary>
    public static bool Understands(string clientEncoding) =>
        !Ambiguous.Any(encoding => IsName(encoding, clientEncoding));

    /// <param name="sql">The text of a Query or Parse message, without the zero at its end.</param>
    public StatementKind Judge(ReadOnlySpan<byte> sql)
    {
        var hint = RoutingHints.Of(sql);
        var kind = JudgeText(sql);
        return (hint, kind) switch
        {
            (RoutingHint.Primary, StatementKind.Read) => StatementKind.Write,
            (RoutingHint.Primary, StatementKind.BeginReadOnly) => StatementKind.Begin,
            (RoutingHint.Standby, StatementKind.Write) => StatementKind.Read,
            (RoutingHint.Standby, StatementKind.Begin) => StatementKind.BeginReadOnly,
            var (_, asJudged) => asJudged,
        };
    }

    /// <summary>
    /// Whether it could end a transaction block with success, so that when the server is lost meanwhile nobody knows
    /// whether the block is committed.
    /// </summary>
    public static bool MayCommit(ReadOnlySpan<byte> sql)
    {
        var lexer = new SqlLexer(sql);
        var token = lexer.Next();
        while (token == SqlToken.Semicolon)
            token = lexer.Next();
        var word = WordOf(lexer, token);
        if (word == SqlWord.Prepare)
        {
            token = lexer.Next();
            word = WordOf(lexer, token);
        }
        if (word is SqlWord.Commit or SqlWord.Transaction)
            return true;
        // Nothing but white space behind the first semicolon: there are no two statements.
        var semicolon = sql[lexer.Position..].IndexOf((byte)';');
        if (semicolon < 0 || sql[(lexer.Position + semicolon + 1)..].IndexOfAnyExcept(Blank) < 0)
            return lexer.Doubtful;
        while (token is not (SqlToken.Semicolon or SqlToken.End))
            token = lexer.Next();
        while (token == SqlToken.Semicolon)
            token = lexer.Next();
        return token != SqlToken.End || lexer.Doubtful;
    }

    private StatementKind JudgeText(ReadOnlySpan<byte> sql)
    {
        var lexer = new SqlLexer(sql);
        var kind = StatementKind.Read;
        var isFirst = true;
        while (true)
        {
            var token = lexer.Next();
            if (token == SqlToken.Semicolon)
                continue;
            if (token == SqlToken.End)
                return lexer.Doubtful && kind is StatementKind.Read ? StatementKind.Write : kind;
            var one = One(ref lexer, sql, token, out var end);
            kind = isFirst ? one : Both(kind, one);
            isFirst = false;
            if (lexer.Doubtful)
                return Both(kind, StatementKind.Write);
            if (end == SqlToken.End)
                return kind;
        }
    }

    /// <summary>Of several statements in one message, which a server runs as one transaction.</summary>
    private static StatementKind Both(StatementKind first, StatementKind second)
    {
        if (first == StatementKind.Session || second == StatementKind.Session)
            return StatementKind.Session;
        if (first == StatementKind.Setting || second == StatementKind.Setting)
            return StatementKind.Setting;
        return first == StatementKind.Read && second == StatementKind.Read ? StatementKind.Read : StatementKind.Write;
    }

    /// <param name="end">What the statement ended with: a semicolon, or the end of the text.</param>
    private StatementKind One(ref SqlLexer lexer, ReadOnlySpan<byte> sql, SqlToken token, out SqlToken end)
    {
        var word = WordOf(lexer, token);
        if (word == SqlWord.Explain)
            token = SkipExplain(ref lexer, out word);
        if (token == SqlToken.Open || word is SqlWord.Select or SqlWord.Values or SqlWord.Table or SqlWord.With)
            return Query(ref lexer, sql, token, out end);
        var kind = Other(ref lexer, word, ref token);
        while (token is not (SqlToken.Semicolon or SqlToken.End))
            token = lexer.Next();
        end = token;
        return kind;
    }

    /// <summary>Of a statement that is no query, by its first word.</summary>
    private static StatementKind Other(ref SqlLexer lexer, SqlWord word, ref SqlToken token)
    {
        if (word is SqlWord.Begin or SqlWord.Start)
            return TransactionStatements.Begin(ref lexer, out token);
        if (word == SqlWord.Commit)
            return TransactionStatements.End(ref lexer, StatementKind.Commit, out token);
        if (word == SqlWord.Rollback)
            return TransactionStatements.End(ref lexer, StatementKind.Rollback, out token);
        if (word == SqlWord.Prepare)
            return TransactionStatements.Prepare(ref lexer, out token);
        if (word == SqlWord.Set)
            return TransactionStatements.Set(ref lexer, out token);
        if (word == SqlWord.Declare)
            return TransactionStatements.Declare(ref lexer, out token);
        if (word == SqlWord.Create)
            return Create(ref lexer, out token);
        if (word == SqlWord.Reset)
            return StatementKind.Setting;
        return word is SqlWord.Leaves or SqlWord.Deallocate ? StatementKind.Session : StatementKind.Write;
    }

    internal static SqlWord WordOf(in SqlLexer lexer, SqlToken token) =>
        token == SqlToken.Word ? SqlWords.Find(lexer.Content) : SqlWord.Other;

    /// <summary>EXPLAIN is judged by what it explains, whether it runs that or not.</summary>
    private static SqlToken SkipExplain(ref SqlLexer lexer, out SqlWord word)
    {
        var token = lexer.Next();
        word = WordOf(lexer, token);
        // Options; when it is the query that stands in parentheses, nothing that begins a query follows them.
        if (token == SqlToken.Open)
        {
            do
                token = lexer.Next();
            while (token is not (SqlToken.Close or SqlToken.Semicolon or SqlToken.End or SqlToken.Open));
            token = token == SqlToken.Close ? lexer.Next() : SqlToken.Other;
            word = WordOf(lexer, token);
        }
        while (word == SqlWord.ExplainOption)
        {
            token = lexer.Next();
            word = WordOf(lexer, token);
        }
        return token;
    }

    private StatementKind Query(ref SqlLexer lexer, ReadOnlySpan<byte> sql, SqlToken token, out SqlToken end)
    {
        var isWith = WordOf(lexer, token) == SqlWord.With;
        var query = new QueryReader(sql, rules) { BeginsWithHeaders = isWith };
        var isRead = true;
        var kind = StatementKind.Read;
        while (token is not (SqlToken.Semicolon or SqlToken.End))
        {
            if (isRead && !query.Accepts(token, lexer))
            {
                isRead = false;
                kind = query.MetInto ? Create(ref lexer, out token) : StatementKind.Write;
                continue;
            }
            token = lexer.Next();
        }
        end = token;
        if (isRead)
            isRead = query.Accepts(token, lexer) && query.IsBalanced;
        return isRead || kind == StatementKind.Session ? kind : StatementKind.Write;
    }

    /// <summary>
    /// What comes into being by CREATE or SELECT INTO: something temporary is known only to the server that has it.
    /// </summary>
    private static StatementKind Create(ref SqlLexer lexer, out SqlToken token)
    {
        // CREATE OR REPLACE RECURSIVE TEMPORARY …; a name in a temporary schema comes a little later.
        const int Words = 8;
        for (var i = 0; i < Words; i++)
        {
            token = lexer.Next();
            if (token is SqlToken.Semicolon or SqlToken.End or SqlToken.Open)
                return StatementKind.Write;
            if (WordOf(lexer, token) == SqlWord.Temporary || IsTemporarySchema(lexer, token))
                return StatementKind.Session;
        }
        token = SqlToken.Other;
        return StatementKind.Write;
    }

    private static bool IsTemporarySchema(in SqlLexer lexer, SqlToken token)
    {
        var name = lexer.Content;
        return token is SqlToken.Word or SqlToken.QuotedName
            && name.Length >= 7 && SqlWords.AreSame(name[..7], "pg_temp"u8);
    }

    /// <summary>PostgreSQL looks at nothing but letters and digits of an encoding's name.</summary>
    private static bool IsName(string encoding, string written) =>
        written.Where(char.IsAsciiLetterOrDigit).Select(char.ToUpperInvariant).SequenceEqual(encoding);
}

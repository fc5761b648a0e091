namespace PgMahout.Core.Proxy.Routing;

/// <summary>Statements about transactions and settings, from the token after their first word.</summary>
internal static class TransactionStatements
{
    /// <summary>
    /// READ ONLY makes a transaction that a standby can serve; SERIALIZABLE one that it refuses all the same.
    /// </summary>
    public static StatementKind Begin(ref SqlLexer lexer, out SqlToken token)
    {
        var kind = StatementKind.Begin;
        var last = SqlWord.Other;
        var mayWrite = false;
        while ((token = lexer.Next()) is not (SqlToken.Semicolon or SqlToken.End))
        {
            var word = StatementJudge.WordOf(lexer, token);
            if (last == SqlWord.Read && word == SqlWord.Only)
                kind = StatementKind.BeginReadOnly;
            mayWrite |= word is SqlWord.Write or SqlWord.Serializable;
            last = word;
        }
        return mayWrite ? StatementKind.Begin : kind;
    }

    /// <summary>Not so of prepared transactions, nor when only a savepoint is gone back to.</summary>
    public static StatementKind End(
        ref SqlLexer lexer, StatementKind whole, out SqlToken token)
    {
        var isWhole = true;
        while ((token = lexer.Next()) is not (SqlToken.Semicolon or SqlToken.End))
            isWhole &= StatementJudge.WordOf(lexer, token) is not (SqlWord.Prepared or SqlWord.To);
        return isWhole ? whole : StatementKind.Write;
    }

    public static StatementKind Prepare(ref SqlLexer lexer, out SqlToken token)
    {
        token = lexer.Next();
        var isTransaction = StatementJudge.WordOf(lexer, token) == SqlWord.Transaction;
        if (isTransaction)
            token = lexer.Next();
        return isTransaction && token == SqlToken.Text ? StatementKind.PrepareTransaction : StatementKind.Session;
    }

    /// <summary>SET LOCAL, SET TRANSACTION and SET CONSTRAINTS last no longer than the transaction.</summary>
    public static StatementKind Set(ref SqlLexer lexer, out SqlToken token)
    {
        token = lexer.Next();
        return StatementJudge.WordOf(lexer, token)
            is SqlWord.Local or SqlWord.Transaction or SqlWord.Constraints
            ? StatementKind.Write
            : StatementKind.Setting;
    }

    public static StatementKind Declare(ref SqlLexer lexer, out SqlToken token)
    {
        var last = SqlWord.Other;
        while ((token = lexer.Next()) is not (SqlToken.Semicolon or SqlToken.End))
        {
            var word = StatementJudge.WordOf(lexer, token);
            if (word == SqlWord.For)
                return StatementKind.Write;
            if (word == SqlWord.Hold && last == SqlWord.With)
                return StatementKind.Session;
            last = word;
        }
        return StatementKind.Write;
    }
}

using System.Buffers;

namespace PgMahout.Core.Proxy.Session;

/// <summary>
/// Whether a text could end a transaction successfully. Asked when a server was lost with it under way: a wrong yes
/// makes an outcome unknown that could have been known, a wrong no would call a commit undone.
/// </summary>
public static class CommitWords
{
    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n\f\v"u8);
    private static readonly SearchValues<byte> BlankOrEnd = SearchValues.Create(" \t\r\n\f\v;"u8);

    /// <param name="sql">UTF-8, without its zero byte.</param>
    public static bool MayCommit(ReadOnlySpan<byte> sql)
    {
        var at = sql.IndexOfAnyExcept(Blank);
        if (at < 0)
            return false;
        // More than one statement, or a comment before the first: it is not looked into.
        var end = sql.IndexOf((byte)';');
        if (end >= 0 && sql[(end + 1)..].IndexOfAnyExcept(BlankOrEnd) >= 0)
            return true;
        return (sql[at] | 0x20) is (byte)'c' or (byte)'e' or (byte)'p' || !char.IsAsciiLetter((char)sql[at]);
    }
}

namespace PgMahout.Core.Proxy.Routing;

/// <summary>What the comment that a text begins with says of where to send it.</summary>
public enum RoutingHint
{
    None,

    /// <summary><c>/*pgmahout:primary*/</c>, or Pgpool-II's <c>/*NO LOAD BALANCE*/</c>.</summary>
    Primary,

    /// <summary><c>/*pgmahout:standby*/</c>: its writer answers for it that a standby can serve this.</summary>
    Standby,
}

internal static class RoutingHints
{
    public static RoutingHint Of(ReadOnlySpan<byte> sql)
    {
        var begin = 0;
        while (begin < sql.Length && sql[begin] is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r'))
            begin++;
        if (begin == sql.Length || sql[begin] != (byte)'/')
            return RoutingHint.None;
        return OfComment(sql[begin..]);
    }

    private static RoutingHint OfComment(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("/*"u8))
            return RoutingHint.None;
        var length = text[2..].IndexOf((byte)'*');
        if (length < 0 || !text[(length + 2)..].StartsWith("*/"u8))
            return RoutingHint.None;
        var comment = text.Slice(2, length).Trim(" \t"u8);
        if (SqlWords.AreSame(comment, "pgmahout:primary"u8) || SqlWords.AreSame(comment, "no load balance"u8))
            return RoutingHint.Primary;
        return SqlWords.AreSame(comment, "pgmahout:standby"u8) ? RoutingHint.Standby : RoutingHint.None;
    }
}

using System.Buffers;

namespace PgMahout.Core.Proxy.Admin;

/// <summary>The console's language: PgBouncer's, in any case of letters, with or without a semicolon.</summary>
internal static class AdminGrammar
{
    private static readonly SearchValues<char> PlainEnds = SearchValues.Create(" \t\r\n;\"");

    /// <summary>syntax_error and feature_not_supported.</summary>
    private const string Syntax = "42601", NoFeature = "0A000";

    public const string Commands =
        "SHOW …, PAUSE [db], RESUME [db], KILL [db], RECONNECT [db], RELOAD, "
        + "SHUTDOWN [WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS]";

    private static readonly (string Word, AdminSubject Subject)[] Subjects =
    [
        ("HELP", AdminSubject.Help),
        ("CONFIG", AdminSubject.Config),
        ("DATABASES", AdminSubject.Databases),
        ("POOLS", AdminSubject.Pools),
        ("CLIENTS", AdminSubject.Clients),
        ("SERVERS", AdminSubject.Servers),
        ("USERS", AdminSubject.Users),
        ("LISTS", AdminSubject.Lists),
        ("MEM", AdminSubject.Memory),
        ("STATS", AdminSubject.Stats),
        ("STATS_TOTALS", AdminSubject.StatsTotals),
        ("STATS_AVERAGES", AdminSubject.StatsAverages),
        ("VERSION", AdminSubject.Version),
    ];

    private static readonly string[] OfPgBouncerOnly =
        ["FDS", "SOCKETS", "ACTIVE_SOCKETS", "DNS_HOSTS", "DNS_ZONES", "PEERS", "PEER_POOLS", "STATE"];

    public static string SubjectWords => string.Join(", ", Subjects.Select(subject => subject.Word));

    public static AdminCommand Parse(string text)
    {
        if (Words(text) is not { } words)
            return Unclear(text);
        if (words.Count == 0)
            return new AdminCommand.Empty();
        var (verb, argument) = (words[0].ToUpperInvariant(), words.Count > 1 ? words[1] : null);
        return (verb, words.Count) switch
        {
            ("SHOW", 1) => new AdminCommand.Show(AdminSubject.Help),
            ("SHOW", 2) => Show(argument!),
            ("PAUSE", <= 2) => new AdminCommand.Pause(argument),
            ("RESUME", <= 2) => new AdminCommand.Resume(argument),
            ("KILL", <= 2) => new AdminCommand.Kill(argument),
            ("RECONNECT", <= 2) => new AdminCommand.Reconnect(argument),
            ("RELOAD", 1) => new AdminCommand.Reload(),
            ("SHUTDOWN", <= 2) => Shutdown(argument, text),
            ("ENABLE" or "DISABLE" or "SUSPEND" or "WAIT_CLOSE", _) => Missing(verb),
            ("SET", _) => new AdminCommand.Refused(
                NoFeature,
                "the console does not change settings",
                "Change them with 'pgmahout proxy settings'; RELOAD takes them up at once."),
            _ => Unclear(text),
        };
    }

    private static AdminCommand Show(string subject)
    {
        foreach (var (word, known) in Subjects)
            if (IsWord(word, subject))
                return new AdminCommand.Show(known);
        if (OfPgBouncerOnly.Any(word => IsWord(word, subject)))
            return Missing($"SHOW {subject.ToUpperInvariant()}");
        return new AdminCommand.Refused(
            Syntax, $"invalid command 'SHOW {subject}', use SHOW HELP;", $"There are: {SubjectWords}.");
    }

    private static AdminCommand Shutdown(string? mode, string text)
    {
        if (mode is null)
            return new AdminCommand.Shutdown(ShutdownMode.Immediate);
        if (IsWord("WAIT_FOR_SERVERS", mode))
            return new AdminCommand.Shutdown(ShutdownMode.WaitForServers);
        return IsWord("WAIT_FOR_CLIENTS", mode)
            ? new AdminCommand.Shutdown(ShutdownMode.WaitForClients)
            : Unclear(text);
    }

    private static bool IsWord(string word, string written) => word.Equals(written, StringComparison.OrdinalIgnoreCase);

    private static AdminCommand.Refused Missing(string command) =>
        new(NoFeature, $"{command} is PgBouncer's; pgmahout does not have it", $"Possible: {Commands}.");

    private static AdminCommand.Refused Unclear(string text)
    {
        const int Shown = 60;
        var whole = text.Trim().TrimEnd(';').Trim();
        var shown = whole.Length > Shown ? whole[..Shown] + "…" : whole;
        return new AdminCommand.Refused(
            Syntax,
            $"invalid command '{shown}', use SHOW HELP;",
            $"This is the console of the proxy, it runs no SQL. Possible: {Commands}.");
    }

    /// <summary>
    /// Up to the semicolon at the end; a name in double quotes is one word, without them. Null when a quote stays open
    /// or something follows the semicolon.
    /// </summary>
    private static List<string>? Words(string text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is ' ' or (>= '\t' and <= '\r'))
            {
                at++;
                continue;
            }
            if (text[at] == ';')
                return text.AsSpan(at).Trim("; \t\r\n").IsEmpty ? words : null;
            var end = text[at] == '"' ? EndOfQuoted(text, at) : EndOfPlain(text, at);
            if (end < 0)
                return null;
            var word = text[at..end];
            words.Add(word[0] == '"' ? word[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : word);
            at = end;
        }
        return words;
    }

    private static int EndOfPlain(string text, int from)
    {
        var length = text.AsSpan(from).IndexOfAny(PlainEnds);
        return length < 0 ? text.Length : from + length;
    }

    private static int EndOfQuoted(string text, int from)
    {
        for (var at = from + 1; at < text.Length; at++)
        {
            if (text[at] != '"')
                continue;
            if (at + 1 == text.Length || text[at + 1] != '"')
                return at + 1;
            at++;
        }
        return -1;
    }
}

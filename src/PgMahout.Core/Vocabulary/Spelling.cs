namespace PgMahout.Core.Vocabulary;

/// <summary>Finds the word that somebody probably meant.</summary>
public static class Spelling
{
    /// <summary>
    /// The known word that is the fewest changes (a letter added, lost, replaced or swapped with its neighbour) away;
    /// null when none is near, which means at most one change in three letters. The earlier of equals.
    /// </summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        var limit = Math.Max(1, written.Length / 3);
        return known
            .Select(word => (word, Distance: Distance(written.ToLowerInvariant(), word.ToLowerInvariant())))
            .Where(near => near.Distance <= limit && near.Distance < near.word.Length)
            .OrderBy(near => near.Distance)
            .ThenBy(near => near.word.StartsWith(written, StringComparison.OrdinalIgnoreCase) ? 0 : 1)
            .Select(near => near.word)
            .FirstOrDefault();
    }

    /// <summary><c>; did you mean 'x'?</c>, or nothing.</summary>
    public static string Hint(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    private static int Distance(string one, string other)
    {
        var rows = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= other.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= one.Length; i++)
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replaced, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        return rows[one.Length, other.Length];
    }
}

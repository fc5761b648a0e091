namespace PgMahout.Core.Vocabulary;

/// <summary>Finds what a person meant who mistyped one of a few known words.</summary>
public static class Spelling
{
    /// <summary>The nearest known word, or null when none is near enough to be what was meant.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        // A third of its letters may be wrong; in short words one.
        var most = Math.Max(1, word.Length / 3);
        var near = known
            .Select(candidate => (Word: candidate, Distance: Distance(word.ToLowerInvariant(), candidate)))
            .Where(found => found.Distance <= most)
            .OrderBy(found => found.Distance)
            .ThenBy(found => found.Word, StringComparer.Ordinal)
            .FirstOrDefault();
        return near.Word;
    }

    /// <summary><c>; did you mean 'x'?</c>, or nothing.</summary>
    public static string Hint(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    /// <summary>Letters to insert, delete or replace to make one of the other (Levenshtein).</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j - 1], row[j]) + 1);
            }
        }
        return row[^1];
    }
}

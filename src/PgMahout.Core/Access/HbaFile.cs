using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>A whole <c>pg_hba.conf</c>, with the lines that PostgreSQL takes and those it does not.</summary>
public sealed record HbaFile(ImmutableArray<HbaEntry> Entries)
{
    public ImmutableArray<HbaRule> Rules => [.. Entries.OfType<HbaEntry.Ruling>().Select(entry => entry.Rule)];

    public ImmutableArray<HbaError> Errors =>
        [.. Entries.OfType<HbaEntry.Broken>().Select(entry => entry.Error)];

    /// <summary>
    /// A server starts and reloads with it only then: every line is right, and there is at least one.
    /// </summary>
    public bool IsUsable => Errors.IsEmpty && !Entries.IsEmpty;

    /// <summary>
    /// The files that stand for words, as written behind the @; PostgreSQL refuses the whole file when one of them is
    /// missing.
    /// </summary>
    public IEnumerable<HbaToken> WordFiles =>
        Rules.SelectMany(rule => rule.Databases.Concat(rule.Users)).Where(token => token.IsFile);

    public static HbaFile Parse(string text, HbaDialect dialect) =>
        new([.. HbaTokenizer.Split(text).Select(fields => new HbaLineParser(fields, dialect).Parse())]);
}

using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Proxy.Session;

/// <summary>
/// The settings of a session that follow a client from server to server: those that a server reports and a client may
/// set, and those that the client began with.
/// </summary>
public sealed class SessionParameters
{
    public static readonly SessionParameters None =
        new(ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase));

    // What a server reports of itself; no client can set it, or only in ways that a pooler cannot follow.
    private static readonly ImmutableSortedSet<string> OfTheServer = ImmutableSortedSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "server_version", "server_encoding", "integer_datetimes", "is_superuser", "session_authorization",
        "in_hot_standby", "scram_iterations");

    private SessionParameters(ImmutableSortedDictionary<string, string> values) => Values = values;

    public ImmutableSortedDictionary<string, string> Values { get; }

    public static bool Follows(string name) => !OfTheServer.Contains(name);

    public SessionParameters With(string name, string value) =>
        !Follows(name) || (Values.TryGetValue(name, out var present) && present == value)
            ? this
            : new SessionParameters(Values.SetItem(name, value));

    /// <summary>
    /// The statements that make a server with <paramref name="present"/> like this; null when it is already. What the
    /// server has and this has not goes back to its default, unless it was there from the beginning.
    /// </summary>
    /// <param name="initial">What the server had when it was new.</param>
    public string? ChangeFrom(SessionParameters present, SessionParameters initial)
    {
        if (ReferenceEquals(present, this))
            return null;
        // By a function: there a value is only ever a value, also that of a list such as search_path.
        var sets = Values
            .Where(pair => !present.Values.TryGetValue(pair.Key, out var there) || there != pair.Value)
            .Select(pair => $"pg_catalog.set_config({Literal(pair.Key)}, {Literal(pair.Value)}, false)")
            .ToList();
        var sql = new StringBuilder();
        if (sets.Count > 0)
            sql.Append("SELECT ").AppendJoin(", ", sets).Append(';');
        foreach (var name in present.Values.Keys)
            if (!Values.ContainsKey(name) && !initial.Values.ContainsKey(name))
                sql.Append("RESET ").Append(Quoted(name)).Append(';');
        return sql.Length == 0 ? null : sql.ToString();
    }

    // A name may have a class before a dot.
    private static string Quoted(string name) => string.Join(
        '.', name.Split('.').Select(part => '"' + part.Replace("\"", "\"\"", StringComparison.Ordinal) + '"'));

    // It reads the same whatever standard_conforming_strings is.
    private static string Literal(string value)
    {
        var doubled = value.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal)
            ? "E'" + doubled.Replace("\\", "\\\\", StringComparison.Ordinal) + '\''
            : '\'' + doubled + '\'';
    }
}

/// <summary>
/// Sets of parameters that are alike are one object: then one glance tells that a server needs no change.
/// </summary>
public sealed class ParameterSets
{
    // Beyond it they are forgotten: sets that are alike are only compared longer then.
    private const int MostKept = 20_000;

    private readonly Dictionary<string, SessionParameters> _known = [];

    public SessionParameters Of(IEnumerable<KeyValuePair<string, string>> values)
    {
        var set = SessionParameters.None;
        foreach (var (name, value) in values)
            set = set.With(name, value);
        return Same(set);
    }

    /// <summary>What a session has that begins so and changes this.</summary>
    public SessionParameters Over(SessionParameters initial, SessionParameters changes)
    {
        var set = initial;
        foreach (var (name, value) in changes.Values)
            set = set.With(name, value);
        return Same(set);
    }

    public SessionParameters Same(SessionParameters set)
    {
        var key = string.Join('\0', set.Values.Select(pair => pair.Key + '=' + pair.Value));
        if (_known.TryGetValue(key, out var known))
            return known;
        if (_known.Count >= MostKept)
            _known.Clear();
        return _known[key] = set;
    }
}

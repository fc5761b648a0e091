using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>Where the transactions of a user or a database go, when a session says nothing itself.</summary>
public sealed class RouteRules
{
    public static readonly RouteRules None = new([]);

    private const string Any = "*";

    private readonly ImmutableArray<(string User, string Database, RouteWish Wish)> _rules;

    private RouteRules(ImmutableArray<(string User, string Database, RouteWish Wish)> rules) => _rules = rules;

    /// <param name="text">
    /// USER=WHERE or USER@DATABASE=WHERE, with commas between; * for any. WHERE is primary, standby or prefer-standby.
    /// </param>
    /// <returns>Null, with the part that is no rule.</returns>
    public static RouteRules? Parse(string text, out string wrong)
    {
        wrong = "";
        var rules = ImmutableArray.CreateBuilder<(string, string, RouteWish)>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var sign = part.LastIndexOf('=');
            var who = sign < 0 ? "" : part[..sign].Trim();
            var wish = sign < 0 ? null : ReadRoute.ParseWish(part[(sign + 1)..].Trim());
            var at = who.LastIndexOf('@');
            var (user, database) = at < 0 ? (who, Any) : (who[..at], who[(at + 1)..]);
            if (wish is not (RouteWish.Primary or RouteWish.Standby or RouteWish.PreferStandby)
                || user.Length == 0 || database.Length == 0)
            {
                wrong = part;
                return null;
            }
            rules.Add((user, database, wish.Value));
        }
        return new RouteRules(rules.ToImmutable());
    }

    /// <summary>By the first rule that fits; None without one.</summary>
    public RouteWish For(string user, string database)
    {
        foreach (var rule in _rules)
            if ((rule.User == Any || rule.User == user) && (rule.Database == Any || rule.Database == database))
                return rule.Wish;
        return RouteWish.None;
    }
}

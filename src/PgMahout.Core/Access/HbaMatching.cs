using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace PgMahout.Core.Access;

/// <summary>For how much of what is asked a rule is.</summary>
internal enum Coverage
{
    None,

    /// <summary>Some of the addresses.</summary>
    Part,
    All,

    /// <summary>It depends on something that is not known here.</summary>
    Unknown,
}

/// <summary>Whether one rule is for one login.</summary>
internal static class HbaMatching
{
    private static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(100);

    public static Coverage Match(HbaEntry entry, LoginAttempt attempt, Surroundings surroundings) => entry switch
    {
        HbaEntry.Ruling ruling => Match(ruling.Rule, attempt, surroundings),
        HbaEntry.Include => Coverage.Unknown,
        HbaEntry.Broken => Coverage.None,
        _ => throw new InvalidOperationException("a closed hierarchy"),
    };

    private static Coverage Match(HbaRule rule, LoginAttempt attempt, Surroundings surroundings)
    {
        if ((rule.Type.Channels() & attempt.Channel) == 0)
            return Coverage.None;
        var address = rule.Address is null ? Coverage.All : Match(rule.Address, attempt.From!.Value, surroundings);
        return Both(address, Both(
            Any(rule.Databases, token => Database(token, attempt)),
            Any(rule.Users, token => User(token, attempt))));
    }

    private static Coverage Both(Coverage one, Coverage other)
    {
        if (one == Coverage.None || other == Coverage.None)
            return Coverage.None;
        if (one == Coverage.Unknown || other == Coverage.Unknown)
            return Coverage.Unknown;
        return one == Coverage.All ? other : one;
    }

    private static Coverage Any(ImmutableArray<HbaToken> tokens, Func<HbaToken, Coverage> match)
    {
        var found = tokens.Select(match).ToArray();
        if (found.Contains(Coverage.All))
            return Coverage.All;
        return found.Contains(Coverage.Unknown) ? Coverage.Unknown : Coverage.None;
    }

    private static Coverage Database(HbaToken token, LoginAttempt attempt)
    {
        if (token.IsFile)
            return Coverage.Unknown;
        // Physical replication is for the keyword alone, and the keyword for nothing else.
        if (attempt.Database is not { } database)
            return When(token.IsKeyword(LoginAttempt.Replication));
        if (token.IsKeyword("all"))
            return Coverage.All;
        if (token.IsKeyword("sameuser"))
            return When(database == attempt.User);
        if (token.IsKeyword("samerole") || token.IsKeyword("samegroup"))
            return Membership(attempt, database);
        if (token.IsKeyword(LoginAttempt.Replication))
            return Coverage.None;
        return Name(token, database);
    }

    private static Coverage User(HbaToken token, LoginAttempt attempt)
    {
        if (token.IsFile)
            return Coverage.Unknown;
        if (token.IsKeyword("all"))
            return Coverage.All;
        return !token.Quoted && token.Text.StartsWith('+')
            ? Membership(attempt, token.Text[1..])
            : Name(token, attempt.User);
    }

    /// <summary>Every role is a member of itself.</summary>
    private static Coverage Membership(LoginAttempt attempt, string role)
    {
        if (role == attempt.User)
            return Coverage.All;
        return attempt.MemberOf is { } roles ? When(roles.Contains(role)) : Coverage.Unknown;
    }

    private static Coverage Name(HbaToken token, string name)
    {
        if (!token.IsPattern)
            return When(token.Text == name);
        try
        {
            return When(Regex.IsMatch(name, token.Text[1..], RegexOptions.None, PatternLimit));
        }
        catch (Exception unclear) when (unclear is ArgumentException or RegexMatchTimeoutException)
        {
            return Coverage.Unknown;
        }
    }

    private static Coverage Match(HbaAddress address, IpRange from, Surroundings surroundings) => address switch
    {
        HbaAddress.Anywhere => Coverage.All,
        HbaAddress.Range range => Of([range.Addresses], from),
        HbaAddress.SameHost => surroundings.OwnAddresses is { } own
            ? Of(own.Select(IpRange.Single), from)
            : Coverage.Unknown,
        HbaAddress.SameNet => surroundings.OwnNetworks is { } networks ? Of(networks, from) : Coverage.Unknown,
        HbaAddress.HostName host => surroundings.Names.TryGetValue(host.Name, out var addresses)
            ? Of(addresses.Select(IpRange.Single), from)
            : Coverage.Unknown,
        _ => throw new InvalidOperationException("a closed hierarchy"),
    };

    private static Coverage Of(IEnumerable<IpRange> ranges, IpRange from)
    {
        var met = ranges.Where(range => range.Meets(from)).ToArray();
        if (met.Any(range => range.Covers(from)))
            return Coverage.All;
        return met.Length > 0 ? Coverage.Part : Coverage.None;
    }

    private static Coverage When(bool matches) => matches ? Coverage.All : Coverage.None;
}

using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>
/// Reads rules as an experienced operator would: which are dangerous, useless, or not what was meant.
/// </summary>
public static class HbaReview
{
    private const string Superuser = "postgres";

    /// <param name="tls">Whether the server has <c>ssl = on</c>; null when nobody knows.</param>
    public static ImmutableArray<HbaAdvice> Of(HbaFile file, bool? tls)
    {
        var rules = file.Rules;
        return
        [
            .. from rule in rules
               from advice in Alone(rule, tls).Concat(Shadow(rules, rule)).Concat(Exposure(rule))
               select advice with { Line = rule.Line },
        ];
    }

    /// <summary>Every login that <paramref name="later"/> is for, <paramref name="earlier"/> takes first.</summary>
    public static bool Shadows(HbaRule earlier, HbaRule later) =>
        (later.Type.Channels() & ~earlier.Type.Channels()) == 0
        && later.Databases.All(token => earlier.Databases.Any(other => CoversDatabase(other, token)))
        && later.Users.All(token => earlier.Users.Any(other => CoversUser(other, token)))
        && (earlier.Address is null || CoversAddress(earlier.Address, later.Address!));

    private static IEnumerable<HbaAdvice> Shadow(ImmutableArray<HbaRule> rules, HbaRule rule)
    {
        if (rules.TakeWhile(other => other != rule).FirstOrDefault(other => Shadows(other, rule)) is not { } first)
            yield break;
        yield return first.Method == rule.Method
            ? Note($"It is never reached: line {first.Line} takes every such login before it, and says the same.")
            : Warn($"It is never reached: line {first.Line} ({first}) takes every such login before it, so "
                + $"{first.Method.Word()} applies and not {rule.Method.Word()}. The first line that fits decides: move "
                + "this one up, or narrow the other.");
    }

    private static IEnumerable<HbaAdvice> Exposure(HbaRule rule)
    {
        if (rule.Method == HbaMethod.Trust && rule.Address is { } address)
        {
            yield return rule.Option("clientcert") is not null
                ? Note("Whoever has a certificate of your authority may be any role it names.")
                : IsOwnMachine(address)
                ? Warn("Everybody who can run a program on this machine may be any role it names, without a password. "
                    + NoKeyNeeded)
                : Danger($"Everybody who can send packets from {address} may be any role it names, "
                    + $"{(Includes(rule.Users, Superuser) ? "the superuser included, " : "")}without a password. "
                    + NoKeyNeeded + " Use scram-sha-256 and a password.");
        }
        else if (rule.Method == HbaMethod.Trust && Includes(rule.Users, Superuser))
            yield return Warn("Every operating-system user of this machine may be the superuser, without a password. "
                + "peer admits only the user of the same name.");
        if (IsWholeInternet(rule.Address) && rule.Method is not (HbaMethod.Reject or HbaMethod.Trust))
            yield return Warn($"{rule.Address} is the whole internet: only the firewall and the password stand before "
                + "the server. Name the networks that your clients are in.");
        if (rule.Method == HbaMethod.Password && MayBePlain(rule))
            yield return Danger("The password goes over the network as it is, for everybody on the way to read. Use "
                + "scram-sha-256, or hostssl.");
        if (rule.Method == HbaMethod.Md5 && MayBePlain(rule) && !IsOwnMachine(rule.Address!))
            yield return Note("md5 is weak on a network that is not encrypted, and deprecated since PostgreSQL 18. A "
                + "role whose password is stored for SCRAM is asked for SCRAM all the same.");
    }

    /// <summary>
    /// Said wherever trust is: a guide to replication that mixes the two up has cost somebody a day.
    /// </summary>
    public const string NoKeyNeeded =
        "trust asks for nothing at all: no password, and no SSH key either; SSH has no part in it.";

    private static IEnumerable<HbaAdvice> Alone(HbaRule rule, bool? tls)
    {
        if (rule.Type == HbaType.HostSsl && tls == false)
            yield return Warn("It is for TLS alone, and the server has ssl = off, so it is for nobody.");
        if (rule.Method == HbaMethod.Ident)
            yield return Warn("ident needs an ident server on the client's machine, and believes what it says. Almost "
                + "nobody runs one: such a login fails. Use scram-sha-256.");
        if (rule.Address is HbaAddress.Range { Addresses: { HasBitsOutsideMask: true } range })
            yield return Note($"PostgreSQL takes {range.Address} with this mask for the whole of {range}. Write "
                + $"that, or {range.Address}/{range.Address.Width} for the one address.");
        if (rule.Address is HbaAddress.Range { Addresses.PrefixLength: null } odd)
            yield return Warn($"The mask of {odd} is not a prefix, so it is for addresses that are not beside each "
                + "other. Is it one bit off?");
        if (rule.Address is HbaAddress.HostName { Name: var name } && name.All(c => char.IsAsciiDigit(c) || c == '.'))
            yield return Warn(
                $"{name} is not an IP address, so PostgreSQL takes it for a host name, which nobody has.");
        if (rule.Databases.Any(token => token.IsKeyword("all")) && Names(rule.Users, "replication"))
            yield return Note("all means every database, and replication is none: a standby that connects as this role "
                + "needs a line with replication in the database's place.");
        foreach (var word in rule.Databases.Concat(rule.Users).Where(Suspicious))
            yield return Warn($"{word.Text} is taken for a name, since keywords are written in lower case.");
    }

    private static bool Suspicious(HbaToken token) =>
        !token.Quoted && token.Text is not ("all" or "replication" or "sameuser" or "samerole")
        && token.Text.ToLowerInvariant() is "all" or "replication" or "sameuser" or "samerole";

    private static bool Names(ImmutableArray<HbaToken> users, string name) => users.Any(token => token.Text == name);

    private static bool Includes(ImmutableArray<HbaToken> users, string name) =>
        users.Any(token => token.IsKeyword("all") || token.Text == name);

    private static bool MayBePlain(HbaRule rule) => (rule.Type.Channels() & Channels.Plain) != 0;

    private static bool IsWholeInternet(HbaAddress? address) =>
        address is HbaAddress.Anywhere or HbaAddress.Range { Addresses.CoversEverything: true };

    private static bool IsOwnMachine(HbaAddress address) => address switch
    {
        HbaAddress.SameHost => true,
        HbaAddress.Range { Addresses: var range } =>
            IpRange.Parse("127.0.0.0/8")!.Value.Covers(range) || IpRange.Parse("::1")!.Value.Covers(range),
        HbaAddress.HostName { Name: var name } => name == "localhost",
        _ => false,
    };

    private static bool CoversDatabase(HbaToken one, HbaToken other)
    {
        if (one.IsFile || other.IsFile)
            return one.IsFile && one == other;
        if (other.IsKeyword(LoginAttempt.Replication) || one.IsKeyword(LoginAttempt.Replication))
            return one.IsKeyword(LoginAttempt.Replication) && other.IsKeyword(LoginAttempt.Replication);
        return one.IsKeyword("all") || Same(one, other)
            || (one.IsKeyword("samerole") && other.IsKeyword("sameuser"));
    }

    private static bool CoversUser(HbaToken one, HbaToken other) => one.IsKeyword("all") || Same(one, other);

    private static bool Same(HbaToken one, HbaToken other) => one.Text == other.Text && one.Quoted == other.Quoted;

    private static bool CoversAddress(HbaAddress one, HbaAddress other) => (one, other) switch
    {
        (HbaAddress.Anywhere, _) => true,
        (HbaAddress.Range range, HbaAddress.Range inner) => range.Addresses.Covers(inner.Addresses),
        (HbaAddress.HostName name, HbaAddress.HostName same) =>
            string.Equals(name.Name, same.Name, StringComparison.OrdinalIgnoreCase),
        (HbaAddress.SameHost, HbaAddress.SameHost) => true,
        (HbaAddress.SameNet, HbaAddress.SameNet or HbaAddress.SameHost) => true,
        _ => false,
    };

    private static HbaAdvice Note(string text) => new(0, AdviceWeight.Note, text);

    private static HbaAdvice Warn(string text) => new(0, AdviceWeight.Warning, text);

    private static HbaAdvice Danger(string text) => new(0, AdviceWeight.Danger, text);
}

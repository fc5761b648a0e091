using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Access;

/// <summary>Reads the fields of one line, in PostgreSQL's order and with its words for what is wrong.</summary>
internal sealed class HbaLineParser(HbaFields fields, HbaDialect dialect)
{
    private int _next;

    public HbaEntry Parse()
    {
        try
        {
            return AsInclude() ?? (HbaEntry)new HbaEntry.Ruling(fields, ReadRule());
        }
        catch (HbaRefusal refusal)
        {
            return new HbaEntry.Broken(fields, refusal.Error);
        }
    }

    private HbaEntry.Include? AsInclude()
    {
        if (!dialect.HasIncludes || fields.Fields.Length != 2)
            return null;
        HbaInclude? kind = fields.Fields[0][0].Text switch
        {
            "include" => HbaInclude.File,
            "include_if_exists" => HbaInclude.FileIfThere,
            "include_dir" => HbaInclude.Directory,
            _ => null,
        };
        return kind is { } known ? new HbaEntry.Include(fields, known, fields.Fields[1][0].Text) : null;
    }

    private HbaRule ReadRule()
    {
        var type = ReadType();
        var databases = Names("database specification");
        var users = Names("role specification");
        var address = type == HbaType.Local ? null : ReadAddress();
        var methodToken = One("authentication method", "multiple values specified for authentication type",
            "one line has one method");
        var method = MethodOf(methodToken, type);
        HbaChecks.Fits(type, method, methodToken);
        var options = Options();
        var rule = new HbaRule(
            fields.Number, type, databases, users, address, EffectiveMethod(type, method), options);
        HbaOptionChecks.Check(rule, dialect.Version, methodToken);
        return rule;
    }

    // PostgreSQL takes ident on a unix socket for peer, which it was called long ago.
    private static HbaMethod EffectiveMethod(HbaType type, HbaMethod method) =>
        type == HbaType.Local && method == HbaMethod.Ident ? HbaMethod.Peer : method;

    private HbaType ReadType()
    {
        var token = One("connection type", "multiple values specified for connection type",
            "a line begins with one of local, host, hostssl, hostnossl, hostgssenc, hostnogssenc");
        return HbaTypes.Parse(token.Text) is { } type
            ? type
            : throw new HbaRefusal(token, $"invalid connection type \"{token.Text}\"", TypeMeant(token.Text));
    }

    private string TypeMeant(string word)
    {
        if (word is "include" or "include_if_exists" or "include_dir")
            return dialect.HasIncludes
                ? $"{word} takes one file and nothing else"
                : $"{word} is known from PostgreSQL {HbaDialect.FirstWithIncludes} on";
        return Spelling.Nearest(word, HbaTypes.All.Select(type => type.Word())) is { } near
            ? $"did you mean {near}?"
            : "a line begins with one of local, host, hostssl, hostnossl, hostgssenc, hostnogssenc";
    }

    private ImmutableArray<HbaToken> Names(string what)
    {
        var tokens = Field(what, "a line is: type, database, user, address (not on local lines), method");
        if (!dialect.HasRegularExpressions)
            return tokens;
        foreach (var token in tokens.Where(token => token.Text.StartsWith('/')))
            if (!IsRegularExpression(token.Text[1..]))
                throw new HbaRefusal(
                    token, $"invalid regular expression \"{token.Text[1..]}\"",
                    "from PostgreSQL 16 on, a name that begins with a slash is a regular expression");
        return [.. tokens.Select(token => token with { IsPattern = token.Text.StartsWith('/') })];
    }

    private static bool IsRegularExpression(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private HbaAddress ReadAddress()
    {
        var token = One("IP address specification", "multiple values specified for host address",
            "write one line for each address range");
        if (token.IsKeyword("all"))
            return new HbaAddress.Anywhere();
        if (token.IsKeyword("samehost"))
            return new HbaAddress.SameHost();
        if (token.IsKeyword("samenet"))
            return new HbaAddress.SameNet();
        return ReadRange(token);
    }

    private HbaAddress ReadRange(HbaToken token)
    {
        var parts = token.Text.Split('/', 2);
        if (IpAddress.Parse(parts[0]) is not { } address)
            return parts.Length == 1
                ? new HbaAddress.HostName(token.Text)
                : throw new HbaRefusal(
                    token, $"specifying both host name and CIDR mask is invalid: \"{token.Text}\"",
                    LooksNumeric(parts[0]) ? $"{parts[0]} is not an IP address" : "a host name has no mask");
        if (parts.Length == 1)
            return new HbaAddress.Range(new IpRange(address, ReadMask(token, address)));
        return IpRange.PrefixOf(parts[1], address) is { } length
            ? new HbaAddress.Range(IpRange.Of(address, length))
            : throw new HbaRefusal(
                token, $"invalid CIDR mask in address \"{token.Text}\"",
                $"the mask of such an address is a number from 0 to {address.Width}");
    }

    private static bool LooksNumeric(string text) => text.All(c => char.IsAsciiDigit(c) || c == '.');

    private UInt128 ReadMask(HbaToken address, IpAddress of)
    {
        var meant = $"an address needs its mask: {address.Text}/{of.Width} is that one alone";
        if (_next == fields.Fields.Length)
            throw AtEnd("netmask specification", meant);
        var token = One("netmask specification", "multiple values specified for netmask", meant);
        if (IpAddress.Parse(token.Text) is not { } mask)
            throw new HbaRefusal(
                token, $"invalid IP mask \"{token.Text}\": Name or service not known",
                HbaMethods.Parse(token.Text, dialect.Version) is null && !token.Text.StartsWith('/')
                    ? $"the mask of {address.Text} is expected here"
                    : meant);
        return mask.Family == of.Family
            ? mask.Bits
            : throw new HbaRefusal(token, "IP address and mask do not match", "both are IPv4 or both IPv6");
    }

    private HbaMethod MethodOf(HbaToken token, HbaType type)
    {
        if (HbaMethods.Parse(token.Text, dialect.Version) is { } method)
            return method;
        var unsupported = token.Text is "sspi" or "bsd";
        throw new HbaRefusal(
            token,
            $"invalid authentication method \"{token.Text}\"{(unsupported ? ": not supported by this build" : "")}",
            MethodMeant(token.Text, type));
    }

    private string MethodMeant(string word, HbaType type)
    {
        if (word == "oauth")
            return $"oauth is known from PostgreSQL {HbaMethods.FirstWithOAuth} on";
        if (word is "sspi" or "bsd")
            return $"{word} is for another operating system";
        if (type == HbaType.Local && (IpRange.Parse(word) is not null || word is "samehost" or "samenet" or "all"))
            return "a local line has no address: it is for unix sockets";
        if (IpRange.Parse(word) is not null)
            return $"{word} stands where the method belongs: is there one column too many before it?";
        return Spelling.Nearest(word, HbaMethods.Of(dialect.Version).Select(method => method.Word())) is { } near
            ? $"did you mean {near}?"
            : "the methods are " + string.Join(", ", HbaMethods.Of(dialect.Version).Select(method => method.Word()));
    }

    private ImmutableArray<HbaOption> Options()
    {
        var options = ImmutableArray.CreateBuilder<HbaOption>();
        foreach (var token in fields.Fields.Skip(_next).SelectMany(field => field))
        {
            var equals = token.Text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                throw new HbaRefusal(
                    token, $"authentication option not in name=value format: {token.Text}",
                    "nothing but options may follow the method; a comment begins with #");
            options.Add(new HbaOption(token.Text[..equals], token.Text[(equals + 1)..], token.Line, token.Column));
        }
        return options.ToImmutable();
    }

    private HbaToken One(string what, string refusal, string meant)
    {
        var field = Field(what, meant);
        return field.Length == 1 ? field[0] : throw new HbaRefusal(field[1], refusal, meant);
    }

    private ImmutableArray<HbaToken> Field(string what, string meant) =>
        _next < fields.Fields.Length ? fields.Fields[_next++] : throw AtEnd(what, Missing() ?? meant);

    private HbaRefusal AtEnd(string what, string meant) =>
        new(new HbaError(fields.End.Line, fields.End.Column, $"end-of-line before {what}", meant));

    /// <summary>
    /// A column was left out, and the columns after it moved up: told by an address in a wrong place.
    /// </summary>
    private string? Missing()
    {
        var words = fields.Fields.Select(field => field[0].Text).ToArray();
        var address = Array.FindIndex(words, 1, word => word.Contains('/') && IpRange.Parse(word) is not null);
        return address is 1 or 2
            ? $"a column is missing: a line is type, database, user, address, method, and {words[address]} stands "
                + $"where the {(address == 1 ? "database" : "user")} belongs"
            : null;
    }
}

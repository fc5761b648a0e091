using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Access;

/// <summary>Which options a method takes, and with which values.</summary>
internal static class HbaOptionChecks
{
    /// <summary>Null stands for every method: those options look at the client's certificate.</summary>
    private static readonly ImmutableSortedDictionary<string, HbaMethod[]?> Takers =
        new Dictionary<string, HbaMethod[]?>
        {
            ["map"] = [HbaMethod.Ident, HbaMethod.Peer, HbaMethod.Gss, HbaMethod.Cert, HbaMethod.OAuth],
            ["clientcert"] = null,
            ["clientname"] = null,
            ["pamservice"] = [HbaMethod.Pam],
            ["pam_use_hostname"] = [HbaMethod.Pam],
            ["ldapurl"] = [HbaMethod.Ldap],
            ["ldaptls"] = [HbaMethod.Ldap],
            ["ldapscheme"] = [HbaMethod.Ldap],
            ["ldapserver"] = [HbaMethod.Ldap],
            ["ldapport"] = [HbaMethod.Ldap],
            ["ldapbinddn"] = [HbaMethod.Ldap],
            ["ldapbindpasswd"] = [HbaMethod.Ldap],
            ["ldapsearchattribute"] = [HbaMethod.Ldap],
            ["ldapsearchfilter"] = [HbaMethod.Ldap],
            ["ldapbasedn"] = [HbaMethod.Ldap],
            ["ldapprefix"] = [HbaMethod.Ldap],
            ["ldapsuffix"] = [HbaMethod.Ldap],
            ["krb_realm"] = [HbaMethod.Gss],
            ["include_realm"] = [HbaMethod.Gss],
            ["compat_realm"] = [],
            ["upn_username"] = [],
            ["radiusservers"] = [HbaMethod.Radius],
            ["radiusports"] = [HbaMethod.Radius],
            ["radiussecrets"] = [HbaMethod.Radius],
            ["radiusidentifiers"] = [HbaMethod.Radius],
            ["issuer"] = [HbaMethod.OAuth],
            ["scope"] = [HbaMethod.OAuth],
            ["validator"] = [HbaMethod.OAuth],
            ["delegate_ident_mapping"] = [HbaMethod.OAuth],
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static readonly string[] OfOAuth = ["issuer", "scope", "validator", "delegate_ident_mapping"];
    private static readonly string[] OfSearch =
        ["ldapbasedn", "ldapbinddn", "ldapbindpasswd", "ldapsearchattribute", "ldapsearchfilter"];

    public static void Check(HbaRule rule, int version, HbaToken method)
    {
        foreach (var option in rule.Options)
        {
            CheckTaker(rule, option, version);
            CheckValue(rule, option);
        }
        if (rule.Method == HbaMethod.Ldap)
            CheckLdap(rule, method);
        if (rule.Method == HbaMethod.Radius)
            CheckRadius(rule, method);
        if (rule.Method == HbaMethod.OAuth)
            CheckOAuth(rule, method);
    }

    private static void CheckTaker(HbaRule rule, HbaOption option, int version)
    {
        var known = Takers.Keys.Where(name => version >= HbaMethods.FirstWithOAuth || !OfOAuth.Contains(name));
        if (!known.Contains(option.Name))
            throw Refuse(
                option, $"unrecognized authentication option name: \"{option.Name}\"",
                Spelling.Nearest(option.Name, known) is { } near ? $"did you mean {near}?" : "");
        if (Takers[option.Name] is not { } takers)
        {
            if (rule.Type != HbaType.HostSsl)
                throw Refuse(
                    option, $"{option.Name} can only be configured for \"hostssl\" rows", "write hostssl first");
            return;
        }
        if (!takers.Contains(rule.Method))
            throw Refuse(
                option,
                $"authentication option \"{option.Name}\" is only valid for authentication methods "
                + (takers.Length == 0 ? "sspi" : string.Join(", ", takers.Select(taker => taker.Word()))),
                $"{rule.Method.Word()} does not take it");
    }

    private static void CheckValue(HbaRule rule, HbaOption option)
    {
        switch (option.Name)
        {
            case "clientcert" when option.Value is not ("verify-full" or "verify-ca"):
                throw Refuse(
                    option, $"invalid value for clientcert: \"{option.Value}\"", "it is verify-ca or verify-full");
            case "clientcert" when option.Value == "verify-ca" && rule.Method == HbaMethod.Cert:
                throw Refuse(
                    option, "clientcert only accepts \"verify-full\" when using \"cert\" authentication",
                    "leave it away: cert implies verify-full");
            case "clientname" when option.Value is not ("CN" or "DN"):
                throw Refuse(option, $"invalid value for clientname: \"{option.Value}\"", "it is CN or DN");
            case "ldapport" when Number(option.Value) == 0:
                throw Refuse(option, $"invalid LDAP port number: \"{option.Value}\"", "such as ldapport=389");
            case "ldapurl" when !option.Value.StartsWith("ldap://", StringComparison.OrdinalIgnoreCase)
                && !option.Value.StartsWith("ldaps://", StringComparison.OrdinalIgnoreCase):
                throw Refuse(
                    option, $"could not parse LDAP URL \"{option.Value}\"", "it begins with ldap:// or ldaps://");
            case "radiusports" when List(option.Value).Any(port => Number(port) == 0):
                throw Refuse(option, $"invalid RADIUS port number: \"{option.Value}\"", "such as radiusports=1812");
            default:
                return;
        }
    }

    private static void CheckLdap(HbaRule rule, HbaToken method)
    {
        var search = OfSearch.Any(name => rule.Option(name) is not null) || rule.Option("ldapurl") is not null;
        if (rule.Option("ldapprefix") is not null || rule.Option("ldapsuffix") is not null)
        {
            if (search)
                throw new HbaRefusal(
                    method, "cannot use ldapbasedn, ldapbinddn, ldapbindpasswd, ldapsearchattribute, "
                    + "ldapsearchfilter, or ldapurl together with ldapprefix",
                    "either bind with a prefix and a suffix, or search under a base");
        }
        else if (rule.Option("ldapbasedn") is null && rule.Option("ldapurl") is null)
            throw new HbaRefusal(
                method,
                "authentication method \"ldap\" requires argument \"ldapbasedn\", \"ldapprefix\", or \"ldapsuffix\" "
                + "to be set",
                "such as ldapserver=ldap.example.net ldapbasedn=\"dc=example,dc=net\"");
        if (rule.Option("ldapsearchattribute") is not null && rule.Option("ldapsearchfilter") is not null)
            throw new HbaRefusal(
                method, "cannot use ldapsearchattribute together with ldapsearchfilter", "keep one of them");
    }

    private static void CheckRadius(HbaRule rule, HbaToken method)
    {
        var servers = Required(rule, "radiusservers", "RADIUS servers", method);
        var secrets = Required(rule, "radiussecrets", "RADIUS secrets", method);
        CheckCount("secrets", secrets.Length, servers.Length, method);
        foreach (var (option, what) in new[] { ("radiusports", "ports"), ("radiusidentifiers", "identifiers") })
            if (rule.Option(option) is { } value && List(value) is { Length: > 0 } list)
                CheckCount(what, list.Length, servers.Length, method);
    }

    private static string[] Required(HbaRule rule, string name, string what, HbaToken method)
    {
        var value = rule.Option(name) ?? throw Unset(rule.Method, name, method);
        return List(value) is { Length: > 0 } list
            ? list
            : throw new HbaRefusal(method, $"list of {what} cannot be empty", $"{name} needs a value");
    }

    private static void CheckCount(string what, int count, int servers, HbaToken method)
    {
        if (count != 1 && count != servers)
            throw new HbaRefusal(
                method,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the number of RADIUS {what} ({count}) must be 1 or the same as the number of RADIUS servers "
                    + $"({servers})"),
                "give one for all servers, or one for each");
    }

    private static void CheckOAuth(HbaRule rule, HbaToken method)
    {
        foreach (var name in new[] { "scope", "issuer" })
            if (rule.Option(name) is null)
                throw Unset(HbaMethod.OAuth, name, method);
        if (rule.Option("map") is not null && rule.Option("delegate_ident_mapping") == "1")
            throw new HbaRefusal(
                method, "map and delegate_ident_mapping cannot be used together", "keep one of them");
    }

    private static HbaRefusal Unset(HbaMethod method, string name, HbaToken at) =>
        new(at, $"authentication method \"{method.Word()}\" requires argument \"{name}\" to be set", "");

    private static HbaRefusal Refuse(HbaOption at, string message, string suggestion) =>
        new(new HbaError(at.Line, at.Column, message, suggestion));

    private static string[] List(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What <c>atoi</c> makes of it.</summary>
    private static int Number(string text)
    {
        var digits = string.Concat(
            text.TrimStart().TakeWhile((c, at) => char.IsAsciiDigit(c) || (at == 0 && c == '-')));
        return int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
    }
}

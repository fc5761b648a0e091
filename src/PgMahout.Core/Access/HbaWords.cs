using System.Globalization;

namespace PgMahout.Core.Access;

/// <summary>Answers and lock-outs as sentences.</summary>
public static class HbaWords
{
    public static string Of(HbaAnswer answer)
    {
        var doubt = answer.IsCertain
            ? ""
            : $" (unless {Lines(answer.Unsure)} decides before it: it depends on what is not known here)";
        if (answer.Rule is not { } rule)
            return "rejected: no line is for it" + doubt;
        return (answer.IsAdmitted
            ? string.Create(CultureInfo.InvariantCulture, $"admitted by line {rule.Line}, with {Of(answer.Need)}")
            : string.Create(CultureInfo.InvariantCulture, $"rejected by line {rule.Line}")) + doubt;
    }

    /// <summary>What it takes, to be put after "with".</summary>
    public static string Of(ClientNeed need) => need switch
    {
        ClientNeed.Impossible => "nothing that helps",
        ClientNeed.Nothing => "nothing: no password, no certificate, no SSH key",
        ClientNeed.Password => "the role's password",
        ClientNeed.ExternalPassword => "a password that another service checks",
        ClientNeed.SameOsUser => "the operating-system user of the same name (or one of the map)",
        ClientNeed.IdentServer => "the word of an ident server on the client's machine",
        ClientNeed.Certificate => "a client certificate",
        ClientNeed.Ticket => "a Kerberos ticket",
        ClientNeed.Token => "a token of the OAuth issuer",
    };

    public static string Of(HbaLockout lockout) => lockout switch
    {
        HbaLockout.Rejected { By: { } rule } =>
            $"{lockout.Login.Attempt} would be rejected by line {rule.Line} ({rule})",
        HbaLockout.Rejected => $"{lockout.Login.Attempt} would be rejected: no line would be for it",
        HbaLockout.Demands demands =>
            $"{lockout.Login.Attempt} would need {Of(demands.Now)}, by line {demands.By.Line}; it needs "
            + $"{(demands.Before == ClientNeed.Nothing ? "nothing" : Of(demands.Before))} now",
        HbaLockout.Unclear unclear =>
            $"{lockout.Login.Attempt} might be rejected: {Lines(unclear.Lines)} depends on what is not known here",
        _ => throw new InvalidOperationException("a closed hierarchy"),
    };

    private static string Lines(IEnumerable<int> lines) =>
        "line " + string.Join(" or ", lines.Select(line => line.ToString(CultureInfo.InvariantCulture)));
}

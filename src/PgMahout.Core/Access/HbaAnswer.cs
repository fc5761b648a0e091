using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>What the rules say to a login.</summary>
/// <param name="Rule">The first that is surely for it; null when none is, which means it is rejected.</param>
/// <param name="Unsure">
/// Lines before that one which may be for it: they name hosts, groups or files that nobody could look up.
/// </param>
public sealed record HbaAnswer(HbaRule? Rule, ImmutableArray<int> Unsure)
{
    public ClientNeed Need => Rule is null ? ClientNeed.Impossible : NeedOf(Rule);

    public bool IsAdmitted => Need != ClientNeed.Impossible;

    public bool IsCertain => Unsure.IsEmpty;

    public bool Equals(HbaAnswer? other) =>
        other is not null && ReferenceEquals(Rule, other.Rule) && Unsure.AsSpan().SequenceEqual(other.Unsure.AsSpan());

    public override int GetHashCode() => Rule?.Line ?? 0;

    private static ClientNeed NeedOf(HbaRule rule) => rule.Method switch
    {
        HbaMethod.Reject => ClientNeed.Impossible,
        HbaMethod.Trust => rule.Option("clientcert") is null ? ClientNeed.Nothing : ClientNeed.Certificate,
        HbaMethod.Md5 or HbaMethod.ScramSha256 or HbaMethod.Password => ClientNeed.Password,
        HbaMethod.Peer => ClientNeed.SameOsUser,
        HbaMethod.Ident => ClientNeed.IdentServer,
        HbaMethod.Cert => ClientNeed.Certificate,
        HbaMethod.Gss => ClientNeed.Ticket,
        HbaMethod.Ldap or HbaMethod.Radius or HbaMethod.Pam => ClientNeed.ExternalPassword,
        HbaMethod.OAuth => ClientNeed.Token,
    };
}

/// <summary>What a client must bring along to get in.</summary>
public enum ClientNeed
{
    /// <summary>It is rejected whatever it brings.</summary>
    Impossible,
    Nothing,

    /// <summary>The role's password in the database.</summary>
    Password,

    /// <summary>A password that another service checks.</summary>
    ExternalPassword,

    /// <summary>To be the operating system's user of the role's name, or one that a map names.</summary>
    SameOsUser,

    /// <summary>An ident server on the client's machine.</summary>
    IdentServer,
    Certificate,

    /// <summary>Of Kerberos.</summary>
    Ticket,

    /// <summary>Of an OAuth issuer.</summary>
    Token,
}

/// <summary>The same answer for all addresses from the first to the last.</summary>
public sealed record HbaSpan(IpAddress First, IpAddress Last, HbaAnswer Answer)
{
    public override string ToString() => AsRange() is { } range ? range.ToString() : $"{First} to {Last}";

    private IpRange? AsRange()
    {
        for (var length = 0; length <= First.Width; length++)
            if (IpRange.Of(First, length) is var range && range.First == First && range.Last == Last)
                return range;
        return null;
    }
}

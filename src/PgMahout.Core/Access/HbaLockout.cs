using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>A login that a change of the rules must not take away by mistake.</summary>
/// <param name="IsOwn">The cluster itself logs in so: without it, it does not work.</param>
/// <param name="HasPassword">Of the role; null when nobody knows.</param>
public sealed record ProtectedLogin(LoginAttempt Attempt, bool IsOwn, bool? HasPassword);

/// <summary>What a change does to a login that worked before.</summary>
public abstract record HbaLockout
{
    private HbaLockout(ProtectedLogin login) => Login = login;

    public ProtectedLogin Login { get; }

    /// <summary>It is refused now: by a rule, or because none is for it.</summary>
    public sealed record Rejected(ProtectedLogin Refused, HbaRule? By) : HbaLockout(Refused);

    /// <summary>It has to bring something else than before.</summary>
    public sealed record Demands(ProtectedLogin Asked, HbaRule By, ClientNeed Before, ClientNeed Now)
        : HbaLockout(Asked);

    /// <summary>It cannot be said, because of what these lines refer to.</summary>
    public sealed record Unclear(ProtectedLogin Left, ImmutableArray<int> Lines) : HbaLockout(Left);

    /// <summary>Whom the new rules would shut out, of those whom the old ones admitted.</summary>
    public static ImmutableArray<HbaLockout> Find(
        HbaFile before, HbaFile after, IEnumerable<ProtectedLogin> logins, Surroundings surroundings) =>
    [
        .. logins.Select(login => Compare(before, after, login, surroundings)).OfType<HbaLockout>(),
    ];

    private static HbaLockout? Compare(
        HbaFile before, HbaFile after, ProtectedLogin login, Surroundings surroundings)
    {
        var then = HbaSimulation.Ask(before, login.Attempt, surroundings);
        var now = HbaSimulation.Ask(after, login.Attempt, surroundings);
        // What never was admitted cannot be locked out; the cluster's own logins must be admitted in any case.
        if (!then.IsAdmitted && then.IsCertain && !login.IsOwn)
            return null;
        if (!now.IsAdmitted)
            return now.IsCertain ? new Rejected(login, now.Rule) : new Unclear(login, now.Unsure);
        if (!now.IsCertain && then.IsCertain)
            return new Unclear(login, now.Unsure);
        return now.Need != then.Need && !IsMet(now.Need, login)
            ? new Demands(login, now.Rule!, then.Need, now.Need)
            : null;
    }

    private static bool IsMet(ClientNeed need, ProtectedLogin login) =>
        need == ClientNeed.Nothing || (need == ClientNeed.Password && (login.IsOwn || login.HasPassword == true));
}

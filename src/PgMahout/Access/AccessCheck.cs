using System.Collections.Immutable;
using PgMahout.Configuring;
using PgMahout.Core.Access;
using PgMahout.Errors;

namespace PgMahout.Access;

/// <summary>What can be said against rules of access before any member gets them.</summary>
internal sealed class AccessCheck(ConfigurationAccess access)
{
    /// <summary>The first rule that a server would not take; null when it takes all of them.</summary>
    public Failure? WhyNotTaken(ImmutableArray<string> rules) => rules
        .Select(WhyNotTaken)
        .FirstOrDefault(failure => failure is not null);

    /// <summary>Why a change of the rules is refused: somebody who logs in now could not any more.</summary>
    /// <param name="force">Also then; never for the cluster itself.</param>
    public async Task<Failure?> WhyLockedOutAsync(
        ImmutableArray<string> rules, bool force, CancellationToken cancellation)
    {
        var current = access.State.Current.Desired.AccessRules;
        if (rules.SequenceEqual(current))
            return null;
        var lockouts = await LockoutsAsync(current, rules, cancellation);
        var refusing = lockouts.Where(lockout => lockout.Login.IsOwn || !force).ToArray();
        if (refusing.Length == 0)
            return null;
        var own = refusing.Any(lockout => lockout.Login.IsOwn);
        var failure = new Failure(
            ErrorCatalogue.AccessLockout,
            own ? "the rules are against the cluster's own logins" : "somebody who logs in would be locked out");
        foreach (var lockout in refusing.Take(5))
            failure = failure.Because(HbaWords.Of(lockout));
        return own
            ? failure.Try("pgmahout hba list    (the cluster's own lines come first, and stay)")
            : failure.Try("pgmahout hba test --user NAME --from ADDRESS", "... --force    (lock them out)");
    }

    /// <summary>Whom a change of the rules would lock out; the cluster's own logins first.</summary>
    private async Task<ImmutableArray<HbaLockout>> LockoutsAsync(
        ImmutableArray<string> before, ImmutableArray<string> after, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<HbaLockout>();
        foreach (var member in access.Spec.Members)
        {
            var old = await AccessPicture.DrawAsync(access, member, before, cancellation);
            var next = await AccessPicture.DrawAsync(access, member, after, cancellation);
            var (connected, _) = await KnownLogins.ConnectedAsync(access.ServerOf(member.Name), cancellation);
            var seen = await KnownLogins.SeenAsync(access.Cluster.Home, member, cancellation);
            found.AddRange(HbaLockout.Find(
                old.File, next.File, connected.Concat(seen), next.Surroundings));
        }
        return [.. AgainstItself(after).Concat(found).DistinctBy(HbaWords.Of)];
    }

    /// <summary>
    /// The cluster's own lines come first, so no rule can lock it out by its place. One that would, did it come first,
    /// was not meant so by anybody: it is without effect, or its author believes that it has one.
    /// </summary>
    private IEnumerable<HbaLockout> AgainstItself(ImmutableArray<string> rules)
    {
        var dialect = new HbaDialect(Version);
        foreach (var login in KnownLogins.Own(access.Spec))
            foreach (var rule in HbaFile.Parse(string.Join('\n', rules), dialect).Rules)
            {
                var alone = HbaFile.Parse(rule.ToString(), dialect);
                var answer = HbaSimulation.Ask(alone, login.Attempt, Surroundings.Unknown);
                var isNamed = rule.Users.Any(user => user.Text == login.Attempt.User);
                if (isNamed && answer is { Rule: not null, IsAdmitted: false })
                    yield return new HbaLockout.Rejected(login, rule);
            }
    }

    private int Version => access.SettingsOf(access.Spec.Members[0], access.State.Current.Desired).Binaries.Major;

    private Failure? WhyNotTaken(string rule)
    {
        var file = HbaFile.Parse(rule, new HbaDialect(Version));
        if (file.Errors.FirstOrDefault() is { } error)
            return new Failure(ErrorCatalogue.AccessRefused, $"PostgreSQL would not take the rule: {rule}")
                .Because($"column {error.Column}: {error.Message}")
                .Because(
                    error.Suggestion.Length > 0 ? error.Suggestion : "a rule is: type database user address method")
                .Try("pgmahout hba add \"host DATABASE USER ADDRESS/BITS scram-sha-256\"");
        if (rule.Contains('\n', StringComparison.Ordinal) || rule.TrimEnd().EndsWith('\\') || file.Rules.Length != 1)
            return new Failure(ErrorCatalogue.AccessRefused, "one rule is one line")
                .Because(rule.Length == 0 ? "there is none" : rule);
        return file.WordFiles.FirstOrDefault() is { } word
            ? new Failure(ErrorCatalogue.AccessRefused, $"the rule refers to the file {word.Text[1..]}")
                .Because("every member would need that file, or its server would not start; write the names themselves")
            : null;
    }
}

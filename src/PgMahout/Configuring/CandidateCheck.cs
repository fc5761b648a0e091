using System.Collections.Immutable;
using PgMahout.Access;
using PgMahout.Core.Configuration;
using PgMahout.Core.Diagnosis;
using PgMahout.Errors;
using PgMahout.Postgres.Instance;

namespace PgMahout.Configuring;

/// <summary>Everything that can be said against a configuration before any server sees it.</summary>
internal sealed class CandidateCheck(ConfigurationAccess access)
{
    /// <summary>Null when nothing speaks against it.</summary>
    /// <param name="force">Somebody who logs in may be locked out by it.</param>
    public async Task<Failure?> WhyNotAsync(
        DesiredConfiguration desired, bool force, CancellationToken cancellation)
    {
        if (!(await access.ReadAnyAsync(cancellation)).TryGet(out var known, out var failure))
            return failure;
        var rules = new AccessCheck(access);
        return DraftCheck.WhyNot(known, desired)
            ?? rules.WhyNotTaken(desired.AccessRules)
            ?? await rules.WhyLockedOutAsync(desired.AccessRules, force, cancellation);
    }

    /// <summary>The server's complaints about a member's files.</summary>
    public static Failure Explained(InstanceSettings settings, ImmutableArray<string> complaints)
    {
        var failure = new Failure(
            ErrorCatalogue.ConfigurationRefused,
            $"a server does not start with the files that {settings.Name} would get");
        var explained = ServerLog.LastFailure(
            complaints, LogReading.Of(settings.Binaries.Major, settings.DataDirectory));
        if (explained is not null)
            failure = failure.Because(explained.What);
        var evidence = explained?.Evidence ?? [.. complaints.Where(IsTelling).Take(6)];
        foreach (var line in evidence.DefaultIfEmpty("it gave no reason"))
            failure = failure.Because(line);
        return failure.Leaving("no member was touched").Try("pgmahout config edit", "pgmahout config plan");
    }

    private static bool IsTelling(string line) =>
        line.Length > 0 && !line.Contains(" LOG:  starting PostgreSQL", StringComparison.Ordinal);
}

using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;

namespace PgMahout.Configuring;

/// <summary>Everything that can be said against a configuration before any server sees it.</summary>
internal sealed class CandidateCheck(ConfigurationAccess access)
{
    /// <summary>Null when nothing speaks against it.</summary>
    public async Task<Failure?> WhyNotAsync(DesiredConfiguration desired, CancellationToken cancellation)
    {
        if (!(await access.ReadAnyAsync(cancellation)).TryGet(out var known, out var failure))
            return failure;
        return DraftCheck.WhyNot(known, desired);
    }

    /// <summary>The server's complaints about a member's files.</summary>
    public static Failure Explained(MemberName member, ImmutableArray<string> complaints)
    {
        var failure = new Failure(
            ErrorCatalogue.ConfigurationRefused, $"a server does not start with the files that {member} would get");
        foreach (var line in complaints.Where(IsTelling).DefaultIfEmpty("it gave no reason").Take(6))
            failure = failure.Because(line);
        return failure.Leaving("no member was touched").Try("pgmahout config edit", "pgmahout config plan");
    }

    private static bool IsTelling(string line) =>
        line.Length > 0 && !line.Contains(" LOG:  starting PostgreSQL", StringComparison.Ordinal);
}

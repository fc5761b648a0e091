using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Files;

/// <summary>The part of a server's configuration that changes with its role.</summary>
/// <param name="Upstream">Whom it follows while in recovery; null for nobody.</param>
/// <param name="Synchronous">What commits wait for while it is the primary.</param>
internal sealed record AssignedRole(MemberName? Upstream, SynchronousSet Synchronous)
{
    public static readonly AssignedRole Alone = new(null, SynchronousSet.Nobody);
}

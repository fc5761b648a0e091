using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>One member: its host, its PostgreSQL with the guard, and its agent.</summary>
internal sealed record SimMember(int Index, MemberSpec Spec, SimHost Host, SimPostgres Postgres, SimAgent Agent)
{
    public MemberName Name => Spec.Name;
}

using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Agent.Loop;

/// <summary>A data directory that is to be made from a repository of the cluster.</summary>
/// <param name="Member">For whom.</param>
/// <param name="Into">Empty, and of the server's account.</param>
/// <param name="Line">The leader's history.</param>
public sealed record CopyOrder(
    HomeLayout Home, MemberName Member, CopyOrigin Origin, string Into, TimelineHistory Line, CopySource Source);

/// <summary>
/// Makes it: recovered as far as the repository reaches, and stopped, so that it goes on as a standby of the leader.
/// Agents know nothing of repositories; the executable does.
/// </summary>
/// <returns>From what it was made, or why it was not.</returns>
public delegate Task<Outcome<string>> RepositoryCopy(
    CopyOrder order, IProgress<string> progress, CancellationToken cancellation);

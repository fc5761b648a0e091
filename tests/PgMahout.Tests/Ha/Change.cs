using PgMahout.Core.Cluster;

namespace PgMahout.Tests.Ha;

/// <summary>One way in which a view can differ.</summary>
/// <param name="Name">A few words for the report of a violation.</param>
/// <param name="Apply">The changed view; null where the change means nothing.</param>
internal sealed record Change(string Name, Func<ClusterView, ClusterView?> Apply)
{
    public static readonly Change None = new("", view => view);
}

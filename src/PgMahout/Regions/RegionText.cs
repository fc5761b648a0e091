using PgMahout.Core.Cluster;

namespace PgMahout.Regions;

internal static class RegionText
{
    public static string Word(RegionRole role) => role switch
    {
        RegionRole.Leads => "leads",
        RegionRole.Yields => "yields",
        RegionRole.Yielded => "has yielded",
        RegionRole.Follows => "follows",
    };
}

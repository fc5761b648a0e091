using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Status;

/// <summary>The members that a home's directories tell of, for when its store cannot.</summary>
public static class HomeMembers
{
    /// <summary>Sorted by name; their hosts and ports are not known.</summary>
    public static ImmutableArray<MemberSpec> In(HomeLayout home)
    {
        if (!Directory.Exists(home.MembersDirectory))
            return [];
        try
        {
            return
            [
                .. Directory.EnumerateDirectories(home.MembersDirectory)
                    .Select(Path.GetFileName)
                    .Where(MemberName.IsValid)
                    .Select(name => new MemberName(name!))
                    .Order()
                    .Select(name => new MemberSpec(name, "", 0, home.ApiAddress(name))),
            ];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

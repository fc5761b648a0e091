using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Files;

/// <summary>What a member's files would say, for whoever plans a change of them.</summary>
public static class ConfigurationPreview
{
    /// <summary>The settings that may be chosen: pgmahout's own, the machine's tuning, the operator's.</summary>
    public static ImmutableSortedDictionary<string, string> Chosen(InstanceSettings settings) =>
        ServerConfiguration.Chosen(settings, DiskOf(settings))
            .ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Of a member on another host, whose disk is not seen from here, ours stands for it.</summary>
    private static ByteSize DiskOf(InstanceSettings settings)
    {
        var directory = settings.MemberDirectory;
        while (!Directory.Exists(directory) && Path.GetDirectoryName(directory) is { } above)
            directory = above;
        return new ByteSize(new DriveInfo(directory).TotalSize);
    }
}

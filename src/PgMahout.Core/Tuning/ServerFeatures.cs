using System.Collections.Immutable;

namespace PgMahout.Core.Tuning;

/// <summary>
/// What a server takes that not every build of its version does. Advice names such a value only after the server's own
/// program took it, because one unknown value keeps a server from starting.
/// </summary>
/// <param name="Major">Major version, 14 to 18.</param>
/// <param name="Accepted">Pairs of a setting and a value, such as <c>wal_compression=lz4</c>, that the program
/// took.</param>
public sealed record ServerFeatures(int Major, ImmutableSortedSet<string> Accepted)
{
    /// <summary>The values worth asking about.</summary>
    public static readonly ImmutableArray<(string Setting, string Value)> Questions =
    [
        ("wal_compression", "lz4"),
        ("default_toast_compression", "lz4"),
        ("io_method", "io_uring"),
    ];

    /// <summary>The oldest supported version with nothing probed: what is advised for it starts everywhere.</summary>
    public static readonly ServerFeatures Unknown = Of(ServerSettings.Oldest);

    public static ServerFeatures Of(int major, params ReadOnlySpan<string> accepted) =>
        new(major, ImmutableSortedSet.Create(StringComparer.Ordinal, accepted));

    public bool Accepts(string setting, string value) => Accepted.Contains($"{setting}={value}");

    /// <summary>What all servers of a cluster have: a standby must be able to replay what its primary wrote.</summary>
    public ServerFeatures And(ServerFeatures other) =>
        new(Math.Min(Major, other.Major), Accepted.Intersect(other.Accepted));
}

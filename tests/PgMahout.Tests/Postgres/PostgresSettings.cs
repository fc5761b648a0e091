using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;

namespace PgMahout.Tests.Postgres;

/// <summary>Settings of a member that does not exist.</summary>
internal static class PostgresSettings
{
    public static readonly MemberSpec B = new(new MemberName("b"), "10.0.0.2", 5432, "");
    public static readonly MemberSpec C = new(new MemberName("c"), "db-c.example", 6432, "");

    public static InstanceSettings OfA(string directory = "/nowhere/a b") => new()
    {
        Name = new MemberName("a"),
        ClusterName = "demo",
        DataDirectory = Path.Combine(directory, "data"),
        MemberDirectory = directory,
        StartLog = "/nowhere/a.log",
        Host = "10.0.0.1",
        Port = 5432,
        SocketDirectory = "/nowhere/run",
        Binaries = new PostgresBinaries("/nowhere/bin", 15, "15.1"),
        Account = new ServerAccount("nobody", 1, 1, IsBorrowed: false),
        Secrets = new ClusterSecrets("hidden", "secret"),
        Timing = new Timing(TimeSpan.FromSeconds(3)),
        Tuning = ImmutableSortedDictionary<string, string>.Empty.Add("shared_buffers", "1GB").Add("fsync", "off"),
        Others = [B, C],
    };
}

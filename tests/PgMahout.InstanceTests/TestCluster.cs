using System.Collections.Immutable;
using System.Security.Cryptography;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Rejoin;

namespace PgMahout.InstanceTests;

/// <summary>Servers of real PostgreSQL on loopback, under a directory of their own that goes with them.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly string _home;

    private TestCluster(string home, ImmutableArray<TestMember> members)
    {
        _home = home;
        Members = members;
    }

    public ImmutableArray<TestMember> Members { get; }

    public TestMember A => Members[0];

    public TestMember B => Members[1];

    public TestMember C => Members[2];

    /// <summary>Members a, b, c …, of which none has a data directory yet.</summary>
    public static TestCluster Empty(int members)
    {
        // Traversable for the server account; mkdtemp's 0700 would not be.
        var home = $"/tmp/pgm-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";
        const UnixFileMode Traversable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(home, Traversable);
        var account = TestMember.Done(ServerAccount.Find());
        account.CreateDirectory(Path.Combine(home, "run"), ServerMode);
        account.CreateDirectory(Path.Combine(home, "log"), ServerMode);
        var secrets = TestMember.Done(SecretFiles.LoadOrCreate(Path.Combine(home, "secrets")));
        var basePort = 20000 + RandomNumberGenerator.GetInt32(990) * 10;
        var specs = Enumerable.Range(0, members)
            .Select(i => new MemberSpec(new MemberName(((char)('a' + i)).ToString()), "127.0.0.1", basePort + i, ""))
            .ToImmutableArray();
        var settings = specs.Select(spec => Settings(home, spec, specs, account, secrets));
        return new TestCluster(home, [.. settings.Select(member => new TestMember(member))]);
    }

    /// <summary>Member a a running primary, with its roles and the slots of the others; nothing else.</summary>
    public static async Task<TestCluster> WithPrimaryAsync(int members)
    {
        var cluster = Empty(members);
        TestMember.Done(await cluster.A.Instance.InitializeAsync(TestMember.Limit * 2, default));
        await cluster.A.StartPrimaryAsync();
        TestMember.Done(await cluster.A.Instance.CreateRolesAsync(TestMember.Limit, default));
        return cluster;
    }

    /// <summary>Member a a primary, the others cloned from it and streaming.</summary>
    public static async Task<TestCluster> StreamingAsync(int members)
    {
        var cluster = await WithPrimaryAsync(members);
        foreach (var standby in cluster.Members.Skip(1))
        {
            TestMember.Done(await standby.Instance.CloneAsync(
                cluster.A.Name, new Progress<CloneProgress>(), TestMember.Limit * 2, default));
            await standby.StartStandbyAsync(cluster.A.Name);
            await standby.StreamsAsync();
        }
        foreach (var member in cluster.Members)
            foreach (var other in cluster.Members.Where(other => other != member))
                TestMember.Done(await member.Instance.KeepSlotAsync(
                    other.Name.SlotName, null, TestMember.Limit, default));
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    private const UnixFileMode ServerMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static InstanceSettings Settings(
        string home, MemberSpec member, ImmutableArray<MemberSpec> all, ServerAccount account, ClusterSecrets secrets)
    {
        var directory = Path.Combine(home, "members", member.Name.Text);
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        account.CreateDirectory(directory, ServerMode);
        return new InstanceSettings
        {
            Name = member.Name,
            ClusterName = "test",
            DataDirectory = Path.Combine(directory, "data"),
            MemberDirectory = directory,
            StartLog = Path.Combine(home, "log", member.Name + ".postgres.log"),
            Host = member.Host,
            Port = member.Port,
            SocketDirectory = Path.Combine(home, "run"),
            Binaries = TestMember.Done(PostgresBinaries.Find()),
            Account = account,
            Secrets = secrets,
            Timing = new Timing(TimeSpan.FromSeconds(3)),
            Tuning = ImmutableSortedDictionary<string, string>.Empty
                .Add("shared_buffers", "32MB").Add("max_connections", "40"),
            Others = [.. all.Where(other => other.Name != member.Name)],
        };
    }
}

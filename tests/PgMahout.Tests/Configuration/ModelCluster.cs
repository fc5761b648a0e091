using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Configuration;

/// <summary>
/// Servers with two settings of which a standby needs no less than its primary, in the middle of a change of both. A
/// standby comes up with at least what its primary has, as PostgreSQL's control file tells it.
/// </summary>
internal sealed class ModelCluster
{
    private const int Settings = 2;
    private readonly Prng _prng;
    private readonly int[] _wanted = new int[Settings];
    private readonly List<Server> _servers = [];
    private int _leader;

    public ModelCluster(Prng prng)
    {
        _prng = prng;
        var before = new int[Settings];
        for (var setting = 0; setting < Settings; setting++)
            (before[setting], _wanted[setting]) = (1 + prng.Below(3), 1 + prng.Below(3));
        var members = 1 + prng.Below(4);
        for (var index = 0; index < members; index++)
            _servers.Add(new Server(new MemberName($"m{index + 1}"), [.. before]));
    }

    public bool IsDone => _servers.All(server => server.HasIt && server.Runs.SequenceEqual(_wanted));

    public RolloutView View => new(
        Leader.Name,
        [.. _servers.Select(server => new RolloutMember(server.Name, true, server.HasIt, PendingOf(server)))]);

    private Server Leader => _servers[_leader];

    public void FailOver() => _leader = _prng.Below(_servers.Count);

    public void Do(RolloutStep step)
    {
        switch (step)
        {
            case RolloutStep.Adopt adopt:
                var next = Find(adopt.Member);
                Assert.True(next == Leader || !next.HasIt);
                next.HasIt = true;
                break;
            case RolloutStep.RestartStandby restart:
                Assert.NotEqual(Leader, Find(restart.Member));
                Restart(Find(restart.Member));
                break;
            case RolloutStep.RestartLowered restart:
                Assert.NotEqual(Leader, Find(restart.Member));
                Restart(Find(restart.Member));
                break;
            case RolloutStep.RestartPrimary restart:
                Assert.Equal(Leader, Find(restart.Member));
                _wanted.CopyTo(Leader.Runs, 0);
                break;
            case RolloutStep.SwitchOver move:
                _leader = _servers.IndexOf(Find(move.To));
                break;
            default:
                Assert.Fail($"{step} in {this}");
                break;
        }
    }

    public override string ToString() =>
        $"leader {Leader.Name}, wanted {string.Join('/', _wanted)}, "
        + string.Join(", ", _servers.Select(server => $"{server.Name} {server.HasIt} {string.Join('/', server.Runs)}"));

    private void Restart(Server standby)
    {
        for (var setting = 0; setting < Settings; setting++)
            standby.Runs[setting] = Math.Max(_wanted[setting], Leader.Runs[setting]);
    }

    private ImmutableArray<PendingChange> PendingOf(Server server)
    {
        if (!server.HasIt)
            return [];
        var pending = ImmutableArray.CreateBuilder<PendingChange>();
        for (var setting = 0; setting < Settings; setting++)
            if (server.Runs[setting] != _wanted[setting])
            {
                var lowers = _wanted[setting] < server.Runs[setting];
                pending.Add(new PendingChange(
                    $"setting{setting}", lowers, Blocked: lowers && Leader.Runs[setting] > _wanted[setting]));
            }
        return pending.ToImmutable();
    }

    private Server Find(MemberName name) => _servers.First(server => server.Name == name);

    private sealed class Server(MemberName name, int[] runs)
    {
        public MemberName Name => name;

        public int[] Runs => runs;

        public bool HasIt { get; set; }
    }
}

using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Output;
using PgMahout.Store.Etcd;

namespace PgMahout.Deploying.OnHost;

/// <summary>Asks the etcd that this host belongs to who its members are, and changes that, one at a time.</summary>
internal static class HostVoters
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private const int Tries = 40;

    /// <returns>0 with an answer on standard output, or 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        try
        {
            var order = JsonSerializer.Deserialize(await Console.In.ReadToEndAsync(), HostJson.Default.VoterOrder)!;
            if (HomeStore.EtcdOf(home) is not { } settings)
                return Say($"{home.Root} belongs to no etcd");
            using var etcd = new EtcdVoters(settings);
            var answer = await DoAsync(etcd, order);
            for (var tried = 1; answer is EtcdVoterAnswer.Failed { IsEarly: true } && tried < Tries; tried++)
            {
                await Task.Delay(Pause);
                answer = await DoAsync(etcd, order);
            }
            return Tell(answer);
        }
        catch (Exception broken) when (broken is JsonException or InvalidDataException)
        {
            return Say(broken.Message);
        }
    }

    private static Task<EtcdVoterAnswer> DoAsync(EtcdVoters etcd, VoterOrder order) => order switch
    {
        { Add: { } peer } => etcd.AddLearnerAsync(peer, Limit, CancellationToken.None),
        { Promote: { } id } => etcd.PromoteAsync(id, Limit, CancellationToken.None),
        { Remove: { } id } => etcd.RemoveAsync(id, Limit, CancellationToken.None),
        _ => etcd.ListAsync(Limit, CancellationToken.None),
    };

    private static int Tell(EtcdVoterAnswer answer)
    {
        if (answer is not EtcdVoterAnswer.Known { Voters: var voters })
            return Say($"etcd: {((EtcdVoterAnswer.Failed)answer).Why}");
        Console.WriteLine(JsonSerializer.Serialize(
            new VoterAnswer(
                DocumentJson.Schema,
                [.. voters.Select(one => new VoterDocument(one.Id, one.Name, one.PeerUrl, one.IsLearner))]),
            HostJson.Default.VoterAnswer));
        return 0;
    }

    private static int Say(string complaint)
    {
        Console.Error.WriteLine(complaint);
        return 1;
    }
}

/// <summary>What is to be done; nothing: the members are told.</summary>
/// <param name="Add">A peer's address: it becomes a member, without a vote yet.</param>
/// <param name="Promote">It votes from now on.</param>
/// <param name="Remove">It is no member any more.</param>
public sealed record VoterOrder(string? Add = null, ulong? Promote = null, ulong? Remove = null);

/// <summary>The members as they are after it.</summary>
public sealed record VoterAnswer(int Schema, ImmutableArray<VoterDocument> Voters);

/// <param name="Name">Empty until it was started for the first time.</param>
public sealed record VoterDocument(ulong Id, string Name, string Peer, bool IsLearner);

using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Regions;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Deploying.OnHost;

/// <summary>
/// Tells the cluster of this host who the other one of its pair is. What part either has in it is never changed here,
/// but that the one which is followed begins to lead.
/// </summary>
internal static class HostPairing
{
    private const int Tries = 10;

    /// <returns>0 with an answer on standard output, or 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        var wanted = JsonSerializer.Deserialize(
            await Console.In.ReadToEndAsync(), HostJson.Default.PairingDocument)!;
        var opened = await ClusterAccess.OpenAsync(home, CancellationToken.None);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure.Kind == ErrorCatalogue.NoCluster && !wanted.Begins ? Say(Absent) : Complain(failure);
        await using var closing = cluster;
        return (await PairAsync(cluster, wanted)).TryGet(out var answer, out failure) ? Say(answer) : Complain(failure);
    }

    public static RegionTwin TwinOf(FoundingTwin twin) => TwinOf(twin.Name, twin.Servers);

    private static PairingAnswer Absent => new(DocumentJson.Schema, "absent", false, null);

    public static async Task<Attempt<PairingAnswer>> PairAsync(ClusterAccess cluster, PairingDocument wanted)
    {
        var twin = TwinOf(wanted.Name, wanted.Servers);
        Failure? failure = null;
        for (var tried = 0; tried < Tries; tried++)
        {
            if (cluster.Records.Region is not { } stored)
                break;
            if (stored.Value.Twin.Name != twin.Name || stored.Value.Twin.Home is not null)
                return new Failure(
                    ErrorCatalogue.RegionPairing, $"{cluster.Spec.Name} cannot be paired with {twin.Name}")
                    .Because($"it {RegionText.Word(stored.Value.Role)} beside {stored.Value.Twin.Name}");
            if (stored.Value.Twin == twin)
                return await AnswerAsync(cluster, wanted, tried == 0 ? "present" : "changed");
            // An agent may change its cluster's part at the same moment: then both are read anew.
            failure = await cluster.ChangeAsync(
                ClusterRecords.ChangeRegion(stored.Revision, stored.Value with { Twin = twin }),
                "telling of the other cluster's servers", CancellationToken.None);
            if (failure is not null && failure.Kind != ErrorCatalogue.StoreConflict)
                return failure;
            if (await cluster.RefreshAsync(CancellationToken.None) is { } unread)
                return unread;
        }
        return cluster.Records.Region is not null ? failure!
            : wanted.Begins ? await AnswerAsync(cluster, wanted, "changed")
            : Absent;
    }

    private static async Task<Attempt<PairingAnswer>> AnswerAsync(
        ClusterAccess cluster, PairingDocument wanted, string done)
    {
        if (!wanted.Begins)
            return new PairingAnswer(DocumentJson.Schema, done, cluster.Records.Region!.Value.Follows, null);
        var led = await RegionFounding.LeadAsync(
            cluster, TwinOf(wanted.Name, wanted.Servers), CancellationToken.None);
        return led.TryGet(out var leads, out var failure)
            ? new PairingAnswer(DocumentJson.Schema, done, false, new LedBy(leads.Term, leads.SystemIdentifier))
            : failure;
    }

    private static RegionTwin TwinOf(string name, ImmutableArray<AddressDocument> servers) => new(
        name,
        [
            .. servers.Select(server => new RegionServer(server.Host, server.Port))
                .OrderBy(server => server.Host, StringComparer.Ordinal).ThenBy(server => server.Port),
        ],
        null);

    private static int Say(PairingAnswer answer)
    {
        Console.WriteLine(JsonSerializer.Serialize(answer, HostJson.Default.PairingAnswer));
        return 0;
    }

    private static int Complain(Failure failure)
    {
        Console.Error.WriteLine(
            string.Join(": ", failure.Facts.Select(fact => fact.Text).Prepend(failure.What)));
        return 1;
    }
}

using System.Globalization;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Chaos;

/// <summary>
/// Faults by chance on whole hosts, and a judgement of what clients were told: <c>./test chaos</c>. Left out otherwise.
/// </summary>
public sealed class ChaosTests
{
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    /// <summary>After the last fault was taken back. A member may have to be copied anew meanwhile.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    /// <summary>A standby that is read from may be so far behind: the proxy's own standard.</summary>
    private static readonly TimeSpan StandbyLag = TimeSpan.FromSeconds(10);

    [Fact(Explicit = true)]
    public async Task No_confirmed_write_is_lost_and_no_two_primaries_confirm_whatever_fails()
    {
        var seed = (ulong)Number("PGMAHOUT_CHAOS_SEED", 1);
        var hasWitness = Environment.GetEnvironmentVariable("PGMAHOUT_CHAOS_SHAPE") == "witness";
        var steps = FaultPlan.From(seed, Number("PGMAHOUT_CHAOS_FAULTS", 30));
        await using var record = ChaosRecord.Begin(seed, hasWitness, steps);
        await using var bucket = new LabBucket();
        await using var cluster = await DeployedCluster.UpAsync(Rto, hasWitness, bucket.OpenAsync);
        await using var clients = await ChaosClients.StartAsync(cluster);
        var archive = await ArchiveCheck.BeginAsync(cluster);
        using var hand = new FaultHand(cluster, bucket.Port, () => clients.Now);

        string? broken = null;
        foreach (var step in steps)
        {
            broken = await DoAsync(step, (cluster, clients, hand, record));
            if (broken is not null)
                break;
        }
        broken ??= await WholeAsync(hand, cluster, clients);
        await clients.StopAsync();
        // Also of a run that ended early: what was confirmed until then is there, or it is not.
        var final = await clients.FinalAsync();
        var violations = final is not null
            ? HistoryChecker.Check(clients.History, final, StandbyLag)
            : [new Violation(Breach.Lost, "nobody shows what there is")];
        if (broken is null && final is not null && await archive.WhyNotAsync(final) is { } missing)
            violations = violations.Add(new Violation(Breach.Lost, missing));
        await record.EndAsync(clients.History, violations, broken);
        if (broken is not null || !violations.IsEmpty)
            await record.KeepJournalsAsync(cluster.Lab);

        Assert.True(broken is null, broken);
        Assert.True(violations.IsEmpty, $"{violations.Length} promises were broken, such as "
            + string.Join('\n', violations.Take(10)));
    }

    private static async Task<string?> DoAsync(
        Step step, (DeployedCluster Cluster, ChaosClients Clients, FaultHand Hand, ChaosRecord Record) with)
    {
        var done = await Task.WhenAll(step.Faults.Select(async fault =>
        {
            await Task.Delay(fault.After);
            return await with.Hand.DoAsync(fault);
        }));
        var before = with.Clients.ConfirmedWrites;
        var healed = with.Clients.Now;
        var broken = step.AwaitsHealth ? await WholeAsync(with.Hand, with.Cluster, with.Clients) : null;
        await with.Record.NoteAsync(done, with.Clients.Now - healed, with.Clients.ConfirmedWrites - before);
        return broken;
    }

    /// <summary>Null, or what did not become whole.</summary>
    private static async Task<string?> WholeAsync(FaultHand hand, DeployedCluster cluster, ChaosClients clients)
    {
        try
        {
            await hand.HealAsync();
            await clients.ReachesAsync(10, Recovery);
            await cluster.WholeAsync(Recovery);
            return null;
        }
        catch (Xunit.Sdk.FailException late)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{late.Message} (at {clients.Now:c})");
        }
    }

    private static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}

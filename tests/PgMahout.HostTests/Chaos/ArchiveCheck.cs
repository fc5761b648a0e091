using System.Text.Json;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Chaos;

/// <summary>
/// Whether the archive came through the faults: each of its bytes is as it was written, and the backup that was there
/// before the first fault, with all WAL since, is what the cluster has.
/// </summary>
internal sealed class ArchiveCheck
{
    private const string Copy = $"{DeployedCluster.Home}/then";

    /// <summary>Everything is read, and replayed, on a machine that may be building something else.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly DeployedCluster _cluster;
    private readonly string _first;

    private ArchiveCheck(DeployedCluster cluster, string first) => (_cluster, _first) = (cluster, first);

    /// <summary>Ends when there is a backup to build on: one under faults may end with none of them.</summary>
    public static async Task<ArchiveCheck> BeginAsync(DeployedCluster cluster)
    {
        string? first = null;
        await Eventually.HoldsAsync(
            "there is a backup", Lab.Limit, async () => (first = await FirstBackupAsync(cluster)) is not null);
        return new ArchiveCheck(cluster, first!);
    }

    /// <summary>Null: it did. The clients have ended.</summary>
    public async Task<string?> WhyNotAsync(FinalState final)
    {
        var host = await _cluster.PrimaryAsync() ?? _cluster.Data[0];
        // Ends a segment, and waits until that is archived. A gap would be in the way from the first backup on.
        foreach (string[] command in (string[][])
            [
                ["repo", "check"],
                ["backup", "verify"],
                ["restore", "--to", Copy, "--at", "latest", "--backup", _first],
            ])
            if (await _cluster.OnWithinAsync(Limit, host, command) is { Code: not 0 } failed)
                return failed.ToString();
        var rows = await _cluster.AskCopyAsync(host, Copy, "select id from rows");
        var lists = await _cluster.AskCopyAsync(
            host, Copy, "select key || ':' || array_to_string(value, ',') from lists");
        var missing = final.Rows.Select(id => $"{id}").Except(rows).ToArray();
        var listed = final.Lists.Select(list => $"{list.Key}:{string.Join(',', list.Value)}").Except(lists).ToArray();
        return missing.Length + listed.Length == 0
            ? null
            : $"the archive lacks {missing.Length} rows and {listed.Length} lists, such as "
                + missing.Concat(listed).First();
    }

    private static async Task<string?> FirstBackupAsync(DeployedCluster cluster)
    {
        var listed = await cluster.OnAsync(cluster.Data[0], "backup", "list", "-o", "json");
        if (listed.Code != 0)
            return null;
        using var document = JsonDocument.Parse(listed.Out);
        return document.RootElement.GetProperty("backups").EnumerateArray()
            .Select(backup => backup.GetProperty("id").GetString()).FirstOrDefault();
    }
}

using System.Text.Json;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;

namespace PgMahout.HostTests.Chaos;

/// <summary>
/// Whether the archive came through the faults: it has no gap, each of its bytes is as it was written, and what is
/// restored from it to its end is what the cluster has.
/// </summary>
internal static class ArchiveCheck
{
    private const string Copy = $"{DeployedCluster.Home}/then";

    /// <summary>Null: it did. The clients have ended.</summary>
    public static async Task<string?> WhyNotAsync(DeployedCluster cluster, FinalState final)
    {
        var host = await cluster.PrimaryAsync() ?? cluster.Data[0];
        // Ends a segment, and waits until that is archived.
        foreach (string[] command in (string[][])
            [["repo", "check"], ["backup", "verify"], ["restore", "--to", Copy, "--at", "latest"]])
            if (await cluster.OnAsync(host, command) is { Code: not 0 } failed)
                return failed.ToString();
        var rows = await cluster.AskCopyAsync(host, Copy, "select id from rows");
        var lists = await cluster.AskCopyAsync(
            host, Copy, "select key || ':' || array_to_string(value, ',') from lists");
        var missing = final.Rows.Select(id => $"{id}").Except(rows).ToArray();
        var listed = final.Lists.Select(list => $"{list.Key}:{string.Join(',', list.Value)}").Except(lists).ToArray();
        if (missing.Length + listed.Length > 0)
            return $"the archive lacks {missing.Length} rows and {listed.Length} lists, such as "
                + missing.Concat(listed).First();
        using var status = JsonDocument.Parse((await cluster.OnAsync(host, "status", "-o", "json")).Out);
        var gap = status.RootElement.GetProperty("archiver").GetProperty("archives")[0].GetProperty("gap");
        return gap.ValueKind == JsonValueKind.Null ? null : $"the archive tells of a gap: {gap}";
    }
}

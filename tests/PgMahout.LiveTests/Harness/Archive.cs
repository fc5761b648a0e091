using System.Text.Json;

namespace PgMahout.LiveTests.Harness;

/// <summary>What the archiver of a cluster says of its only repository.</summary>
internal static class Archive
{
    /// <summary>The first word of it that is as wanted.</summary>
    public static async Task<JsonElement> IsAsync(LiveCluster cluster, string condition, Predicate<JsonElement> wanted)
    {
        JsonElement found = default;
        await Eventually.HoldsAsync(condition, LiveCluster.Limit, async () =>
        {
            using var status = JsonDocument.Parse((await cluster.RunAsync("status", "-o", "json")).Out);
            if (!status.RootElement.TryGetProperty("archiver", out var archiver)
                || archiver.ValueKind != JsonValueKind.Object
                || archiver.GetProperty("archives").EnumerateArray().FirstOrDefault() is not
                    { ValueKind: JsonValueKind.Object } one
                || one.GetProperty("confirmed").ValueKind != JsonValueKind.String)
                return false;
            found = one.Clone();
            return wanted(found);
        });
        return found;
    }

    public static Task<JsonElement> BackedUpAsync(LiveCluster cluster) => IsAsync(
        cluster, "there is a backup", one => one.GetProperty("lastBackup").ValueKind == JsonValueKind.Object);

    /// <summary>Everything that the primary has written by now is in the repository.</summary>
    public static async Task CaughtUpAsync(LiveCluster cluster, int port)
    {
        var written = await cluster.AskAsync<string>(port, "select pg_current_wal_flush_lsn()::text");
        await IsAsync(cluster, $"the archive has {written}", one =>
            one.GetProperty("lagBytes").GetInt64() == 0
            && Position(one.GetProperty("confirmed").GetString()!) >= Position(written));
    }

    private static ulong Position(string lsn)
    {
        var halves = lsn.Split('/');
        return (Convert.ToUInt64(halves[0], 16) << 32) | Convert.ToUInt64(halves[1], 16);
    }
}

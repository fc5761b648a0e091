using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;

namespace PgMahout.Regions;

/// <summary>The JSON of <c>region status -o json</c>.</summary>
/// <param name="LagBytes">How far the one that follows is behind; null when either end is not known.</param>
public sealed record RegionsDocument(int Schema, ImmutableArray<RegionDocument> Regions, long? LagBytes);

/// <param name="Role">leads, yields, has yielded or follows; null when it cannot be read from here.</param>
/// <param name="Leader">Who holds the lease there.</param>
/// <param name="Postgres">primary, standby, or none.</param>
/// <param name="Streaming">Its leader streams from the other region.</param>
public sealed record RegionDocument(
    string Name,
    string? Home,
    string? Role,
    long? Term,
    string? Leader,
    string? Postgres,
    bool Streaming,
    uint? Timeline,
    string? Lsn);

internal static class RegionStatus
{
    public static async Task<Ending> ShowAsync(Invocation invocation)
    {
        if (!(await RegionPair.OwnAsync(invocation)).TryGet(out var own, out var failure))
            return failure;
        await using var closing = own;
        var half = await RegionPair.TwinAsync(own, invocation.Cancellation);
        var seen = half.TryGet(out var twin, out var unread);
        var (mine, myEnd) = await LookAsync(own, invocation.Cancellation);
        var (other, otherEnd) = seen
            ? await LookAsync(twin!, invocation.Cancellation)
            : (new RegionDocument(
                own.Region.Twin.Name, own.Region.Twin.Home, null, null, null, null, false, null, null), null);
        if (twin is not null)
            await twin.DisposeAsync();
        long? lag = myEnd is { } one && otherEnd is { } two
            ? own.Region.Follows ? Lsn.Distance(one.Lsn, two.Lsn).Bytes : Lsn.Distance(two.Lsn, one.Lsn).Bytes
            : null;
        Say(invocation.Screen, new RegionsDocument(DocumentJson.Schema, [mine, other], lag));
        if (unread is not null)
            invocation.Screen.Note($"the other region is not seen: {unread.Facts.FirstOrDefault()?.Text}");
        return Ending.Ok;
    }

    private static async Task<(RegionDocument, WalPosition?)> LookAsync(
        RegionHalf half, CancellationToken cancellation)
    {
        var postgres = (await half.LeaderAsync(cancellation))?.Postgres;
        WalPosition? end = postgres switch
        {
            PostgresState.Primary primary => primary.Written,
            PostgresState.Standby standby => standby.Received,
            _ => null,
        };
        var word = postgres switch
        {
            PostgresState.Primary => "primary",
            PostgresState.Standby => "standby",
            _ => "none",
        };
        return (new RegionDocument(
            half.Cluster.Spec.Name,
            half.Home,
            RegionText.Word(half.Region.Role),
            half.Region.Term,
            half.Cluster.Leader?.Text,
            word,
            postgres is PostgresState.Standby { Streaming: true } abroad && abroad.Upstream == Region.Upstream,
            end?.Timeline.Value,
            end?.Lsn.ToString()), end);
    }

    private static void Say(Screen screen, RegionsDocument regions)
    {
        var rows = regions.Regions.Select(Row).Prepend(
            ["REGION", "HOME", "ROLE", "TERM", "LEADER", "POSTGRESQL", "TIMELINE", "LSN"]).ToArray();
        screen.Data(screen.Format switch
        {
            OutputFormat.Human => Columns.Align(rows)
                + (regions.LagBytes is { } lag ? $"\nthe follower is {new ByteSize(lag)} behind" : ""),
            OutputFormat.Plain => string.Join('\n', rows.Skip(1).Select(row => Columns.Tabbed(row))),
            OutputFormat.Json => DocumentJson.Text(regions, DocumentJson.Types.RegionsDocument),
        });
    }

    private static string[] Row(RegionDocument region) =>
    [
        region.Name,
        region.Home ?? "-",
        region.Role ?? "not seen",
        region.Term?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-",
        region.Leader ?? "-",
        (region.Postgres ?? "-") + (region.Streaming ? ", streams from the other" : ""),
        region.Timeline?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-",
        region.Lsn ?? "-",
    ];
}

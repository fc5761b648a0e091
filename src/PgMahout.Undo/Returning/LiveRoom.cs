using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Undo.Returning;

/// <summary>A disk of the live cluster, which gets all that comes back.</summary>
/// <param name="Members">Whose data is on it; each writes everything there.</param>
/// <param name="Room">What may be written to it altogether.</param>
public sealed record LiveDisk(ImmutableArray<string> Members, ByteSize Room);

/// <summary>
/// Refuses before the first byte what would fill a disk of the live cluster: a server that cannot write its WAL ends.
/// </summary>
internal static class LiveRoom
{
    private const string Size = """
        SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint
          FROM pg_class WHERE oid = ANY($1) AND relkind IN ('r', 'm', 'S')
        """;

    private const string MostWal = "SELECT pg_size_bytes(current_setting('max_wal_size'))";

    /// <param name="servers">Where the lost relations are, and where they go.</param>
    public static async Task RequireAsync(
        ReturnRequest request, (NpgsqlConnection Side, NpgsqlConnection Live) servers, IEnumerable<uint> relations,
        CancellationToken cancellation)
    {
        var disks = await request.Disks(cancellation);
        if (disks.IsEmpty)
            return;
        var size = await servers.Side.ValueAsync<long>(new Query(Size, [relations.ToArray()]), cancellation);
        // As much again of WAL; but it goes by itself once there is more of it than checkpoints leave.
        var wal = Math.Min(size, await servers.Live.ValueAsync<long>(MostWal, cancellation));
        foreach (var disk in disks)
            if ((size + wal) * disk.Members.Length is var needed && needed > disk.Room.Bytes)
                throw new WorkFailedException(ReturnProblems.NoRoom(disk, new ByteSize(size), new ByteSize(needed)));
    }
}

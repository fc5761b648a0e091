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
    /// <summary>The rows and the indexes, and as much again of WAL, which is kept for a while.</summary>
    private const int TimesWritten = 2;

    private const string Size = """
        SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint
          FROM pg_class WHERE oid = ANY($1) AND relkind IN ('r', 'm', 'S')
        """;

    /// <param name="side">Where the lost relations are.</param>
    public static async Task RequireAsync(
        ReturnRequest request, NpgsqlConnection side, IEnumerable<uint> relations, CancellationToken cancellation)
    {
        var disks = await request.Disks(cancellation);
        if (disks.IsEmpty)
            return;
        var size = await side.ValueAsync<long>(new Query(Size, [relations.ToArray()]), cancellation);
        foreach (var disk in disks)
            if (size * TimesWritten * disk.Members.Length is var needed && needed > disk.Room.Bytes)
                throw new WorkFailedException(ReturnProblems.NoRoom(disk, new ByteSize(size), new ByteSize(needed)));
    }
}

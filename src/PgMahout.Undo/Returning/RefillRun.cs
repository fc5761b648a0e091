using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>
/// Puts the rows of truncated tables back into them, in one transaction: they must be empty, and stay as they are when
/// anything fails. Others can read them meanwhile, and not write.
/// </summary>
/// <param name="request">
/// Its relations are the truncated tables; partitioned ones stand for all their partitions.
/// </param>
public sealed class RefillRun(ReturnRequest request, TimeProvider time)
{
    private const string Leaves = """
        SELECT DISTINCT coalesce(p.relid, t)::oid
          FROM unnest($1) AS t LEFT JOIN LATERAL pg_partition_tree(t) AS p ON p.isleaf
        """;

    private const string OwnedSequences = """
        SELECT s.oid, s.oid::regclass::text
          FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY($1)
           AND d.deptype IN ('a', 'i')
        """;

    /// <summary>A sequence that was restarted would give numbers out again.</summary>
    private const string Advance = """
        SELECT CASE WHEN seqincrement > 0 AND $2 > last_value OR seqincrement < 0 AND $2 < last_value
                    THEN setval(seqrelid::regclass, $2, $3) END
          FROM pg_sequence, {0} WHERE seqrelid = $1::oid
        """;

    private const string Keys = """
        SELECT conrelid::regclass::text, conname::text FROM pg_constraint
         WHERE contype = 'f' AND convalidated AND conrelid = ANY($1)
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Sessions _sessions = new(request);

    public WorkProgress Progress { get; } = new();

    public Task<Outcome<Returned>> RunAsync(CancellationToken cancellation) =>
        ReturnOutcome.OfAsync(() => RefillAsync(cancellation));

    private async Task<Returned> RefillAsync(CancellationToken cancellation)
    {
        Progress.Enter("looking");
        await using var side = await _sessions.SideRowsAsync(cancellation);
        // Ended without COMMIT, it takes everything with it.
        await using var live = await _sessions.LiveAsync(cancellation);
        var oids = await side.RowsAsync(
            new Query(Leaves, [request.Relations.ToArray()]), row => row.GetFieldValue<uint>(0), cancellation);
        var tables = await new LossSetReader(request, side, live).RelationsAsync([.. oids], [], cancellation);
        var names = await NamesAsync(live, tables, cancellation);
        await LiveRoom.RequireAsync(request, (side, live), tables.Select(table => table.Oid), cancellation);
        await LockAsync(live, names.Values, cancellation);
        await RequireEmptyAsync(live, names.Values, cancellation);
        var filled = tables.Where(table => table.HasRows).ToImmutableArray();
        Progress.Expect(filled.Sum(table => table.Bytes));
        Progress.Enter("rows");
        var copy = new RowCopy(_sessions, Progress);
        foreach (var table in filled)
            await copy.CopyAsync(side, live, new Stretch(table, names[table.Oid], 0, null), cancellation);
        Progress.Enter("checking");
        var returned = ImmutableArray.CreateBuilder<ReturnedTable>();
        foreach (var table in filled)
            returned.Add(await ProveAsync((side, live), table, names[table.Oid], copy, cancellation));
        await RequireKeysAsync(live, filled, cancellation);
        await AdvanceAsync(side, live, filled, cancellation);
        await live.RunAsync("SET LOCAL synchronous_commit = on", cancellation);
        await new SettledCommit(_sessions.LiveAsync, time).RunAsync(live, cancellation);
        return new Returned(
            [.. names.Values.Select(name => $"rows of {name}")], returned.ToImmutable(), [],
            [
                .. tables.Where(table => table.IsUnlogged).Select(table =>
                    $"{table.Qualified} stays empty: it is unlogged, its rows are in no WAL and no backup"),
            ]);
    }

    /// <summary>They may have other names by now.</summary>
    private static async Task<Dictionary<uint, string>> NamesAsync(
        NpgsqlConnection live, ImmutableArray<SideRelation> tables, CancellationToken cancellation)
    {
        var found = await live.RowsAsync(
            new Query(
                "SELECT oid, oid::regclass::text FROM pg_class WHERE oid = ANY($1)",
                [tables.Select(table => table.Oid).ToArray()]),
            row => (Oid: row.GetFieldValue<uint>(0), Name: row.GetString(1)), cancellation);
        var names = found.ToDictionary(item => item.Oid, item => item.Name);
        return tables.FirstOrDefault(table => !names.ContainsKey(table.Oid)) is { } gone
            ? throw new WorkFailedException(ReturnProblems.TableGone(gone.Qualified))
            : names;
    }

    private async Task LockAsync(
        NpgsqlConnection live, IReadOnlyCollection<string> tables, CancellationToken cancellation)
    {
        var from = time.GetTimestamp();
        while (true)
            try
            {
                await live.RunAsync(
                    "BEGIN; SET LOCAL lock_timeout = '2s'; "
                    + $"LOCK TABLE {string.Join(", ", tables.Select(table => $"ONLY {table}"))} "
                    + "IN SHARE ROW EXCLUSIVE MODE",
                    cancellation);
                return;
            }
            catch (PostgresException e) when (Homecoming.IsLock(e))
            {
                await live.RunAsync("ROLLBACK", cancellation);
                if (time.GetElapsedTime(from) > request.LockLimit)
                    throw new WorkFailedException(ReturnProblems.Locked(request.LockLimit, ReturnProblems.Said(e)));
                await Task.Delay(Pause, time, cancellation);
            }
    }

    private static async Task RequireEmptyAsync(
        NpgsqlConnection live, IEnumerable<string> tables, CancellationToken cancellation)
    {
        foreach (var table in tables)
            if (await live.ValueAsync<bool>($"SELECT EXISTS (SELECT FROM ONLY {table})", cancellation))
                throw new WorkFailedException(ReturnProblems.HasRows(table));
    }

    private static async Task<ReturnedTable> ProveAsync(
        (NpgsqlConnection Side, NpgsqlConnection Live) servers, SideRelation table, string name, RowCopy copy,
        CancellationToken cancellation)
    {
        var then = await RowProof.SumAsync(servers.Side, table, table.Qualified, cancellation);
        var now = await RowProof.SumAsync(servers.Live, table, name, cancellation);
        return then == now
            ? new ReturnedTable(name, now.Rows, copy.BytesOf(table.Oid), now.Checksum)
            : throw new WorkFailedException(ReturnProblems.ChecksumDiffers(name, $"{then}", $"{now}"));
    }

    /// <summary>The rows came past the triggers that check them.</summary>
    private static async Task RequireKeysAsync(
        NpgsqlConnection live, ImmutableArray<SideRelation> tables, CancellationToken cancellation)
    {
        var keys = await live.RowsAsync(
            new Query(Keys, [tables.Select(table => table.Oid).ToArray()]),
            row => (Table: row.GetString(0), Name: row.GetString(1)), cancellation);
        foreach (var (table, name) in keys)
            if (await KeyProof.CountAsync(live, table, name, cancellation) is { Rows: > 0 } lone)
                throw new WorkFailedException(ReturnProblems.KeyBroken(lone));
    }

    private static async Task AdvanceAsync(
        NpgsqlConnection side, NpgsqlConnection live, ImmutableArray<SideRelation> tables,
        CancellationToken cancellation)
    {
        var sequences = await side.RowsAsync(
            new Query(OwnedSequences, [tables.Select(table => table.Oid).ToArray()]),
            row => (Oid: row.GetFieldValue<uint>(0), Name: row.GetString(1)), cancellation);
        foreach (var (oid, name) in sequences)
        {
            var (last, isCalled) = (await side.RowsAsync(
                $"SELECT last_value, is_called FROM {name}", row => (row.GetInt64(0), row.GetBoolean(1)),
                cancellation))[0];
            if (await live.RowsAsync(
                new Query("SELECT oid::regclass::text FROM pg_class WHERE oid = ANY($1)", [new[] { oid }]),
                row => row.GetString(0), cancellation) is [var now])
                await live.RowsAsync(
                    new Query(Advance.Replace("{0}", now, StringComparison.Ordinal), (long)oid, last, isCalled), _ => 0,
                    cancellation);
        }
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>One commit that a server confirmed, and an address behind it and before the next one.</summary>
internal sealed record Entry(long Id, string Lsn, uint Timeline);

/// <summary>
/// Commits one after the other, with their addresses: whoever goes back to one of these must find exactly the rows up
/// to
/// it. A commit whose answer was lost may be there or not.
/// </summary>
internal sealed class Ledger(LiveCluster cluster)
{
    private const string Table = "create table if not exists ledger (id bigint primary key)";

    private const string Place =
        "select pg_current_wal_insert_lsn()::text || ' ' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)";

    private readonly List<Entry> _entries = [];
    private readonly HashSet<long> _unanswered = [];
    private long _last;

    public ImmutableArray<Entry> Entries => [.. _entries];

    /// <summary>So many more, on the primary of that moment.</summary>
    public async Task WriteAsync(int port, int count)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionText(port));
        await connection.OpenAsync();
        await RunAsync(connection, Table);
        for (var i = 0; i < count; i++)
        {
            var id = ++_last;
            _unanswered.Add(id);
            await RunAsync(connection, $"insert into ledger values ({id})");
            _unanswered.Remove(id);
            await using var asked = new NpgsqlCommand(Place, connection);
            var place = ((string)(await asked.ExecuteScalarAsync())!).Split(' ');
            _entries.Add(new Entry(
                id, place[0], uint.Parse(place[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Exactly the rows that were committed up to that entry.</summary>
    public void IsAt(Entry entry, ImmutableHashSet<long> found)
    {
        var expected = _entries.TakeWhile(one => one != entry).Append(entry).Select(one => one.Id).ToHashSet();
        Assert.Empty(expected.Except(found));
        Assert.Empty(found.Except(expected).Except(_unanswered));
    }

    /// <summary>What came after is undone.</summary>
    public void TakeBack(Entry entry)
    {
        var kept = _entries.IndexOf(entry) + 1;
        _entries.RemoveRange(kept, _entries.Count - kept);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

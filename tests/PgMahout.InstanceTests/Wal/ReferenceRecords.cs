using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>
/// Records as PostgreSQL's own programs tell them, one line for each: address, the one before, transaction, manager,
/// length, length without page images, blocks.
/// </summary>
internal static partial class ReferenceRecords
{
    public static string Line(WalRecord record)
    {
        var blocks = record.Blocks.ToArray().Select(block => string.Create(
            CultureInfo.InvariantCulture,
            $"#{block.Id} {block.File} {Names[(int)block.Fork]} {block.Block}{(block.HasImage ? " image" : "")}"));
        return Line(
            (new Lsn(record.Start), new Lsn(record.Previous)), record.Xid, Rmgr.NameOf(record.Manager),
            [record.Length, record.Length - record.ImageBytes], blocks);
    }

    /// <summary>By the program, which versions from the distribution have.</summary>
    public static async Task<ImmutableArray<string>> DumpedAsync(string program, string directory, Lsn from, Lsn to)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-p", directory, "-s", from.ToString(), "-e", to.ToString()])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var lines = ImmutableArray.CreateBuilder<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } text)
        {
            var match = Dumped().Match(text);
            Assert.True(match.Success, text);
            lines.Add(Line(
                (Lsn.Parse(match.Groups["lsn"].Value), Lsn.Parse(match.Groups["prev"].Value)),
                Number(match, "xid"), match.Groups["rmgr"].Value,
                [(int)Number(match, "total"), (int)Number(match, "length")], Blocks(text)));
        }
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return lines.ToImmutable();
    }

    /// <summary>By the extension <c>pg_walinspect</c>, inside the server.</summary>
    public static async Task<ImmutableArray<string>> InspectedAsync(NpgsqlConnection connection, Lsn from, Lsn to)
    {
        await using var command = new NpgsqlCommand(
            "SELECT start_lsn::text, prev_lsn::text, xid::text, resource_manager, record_length, fpi_length, "
            + $"block_ref FROM pg_get_wal_records_info('{from}', '{to}')",
            connection);
        var lines = ImmutableArray.CreateBuilder<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            lines.Add(Line(
                (Lsn.Parse(reader.GetString(0)), Lsn.Parse(reader.GetString(1))), uint.Parse(reader.GetString(2)),
                reader.GetString(3), [reader.GetInt32(4), reader.GetInt32(4) - reader.GetInt32(5)],
                reader.IsDBNull(6) ? [] : Blocks(reader.GetString(6))));
        return lines.ToImmutable();
    }

    private static readonly string[] Names = ["main", "fsm", "vm", "init"];

    private static string Line(
        (Lsn At, Lsn Previous) place, uint xid, string manager, int[] lengths, IEnumerable<string> blocks) =>
        $"{place.At} after {place.Previous} tx {xid} {manager} {string.Join('/', lengths)} "
        + string.Join(", ", blocks);

    private static uint Number(Match match, string group) =>
        uint.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Blocks(string text) => Block().Matches(text).Select(match =>
        $"#{match.Groups[1]} {match.Groups[2]} {(match.Groups[3].Success ? match.Groups[3].Value : "main")} "
        + $"{match.Groups[4]}{(match.Groups[5].Success ? " image" : "")}");

    [GeneratedRegex(@"^rmgr: (?<rmgr>\S+)\s+len \(rec/tot\):\s+(?<length>\d+)/\s*(?<total>\d+), "
        + @"tx:\s+(?<xid>\d+), lsn: (?<lsn>[0-9A-F]+/[0-9A-F]+), prev (?<prev>[0-9A-F]+/[0-9A-F]+),")]
    private static partial Regex Dumped();

    [GeneratedRegex(@"blkref #(\d+): rel (\d+/\d+/\d+) (?:fork (\w+) )?blk (\d+)( FPW| \(FPW)?")]
    private static partial Regex Block();
}

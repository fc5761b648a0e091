using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>Every record of real servers, compared with what PostgreSQL itself reads.</summary>
public sealed class RecordReaderTests
{
    public static TheoryData<int> Versions => PostgresVersions.All;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Records_are_those_that_the_server_wrote(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await WalWorkload.RunAsync(server);
        var end = await server.PositionAsync();
        var segments = await server.SegmentsAsync();

        var whole = Read(segments[0].Segment.Start, [.. segments.SelectMany(segment => segment.Content)], end, []);
        var pieces = Read(
            segments[0].Segment.Start, [.. segments.SelectMany(segment => segment.Content)], end,
            [8192, 13, 100_000, 1, 7, 131_072, 16, 8191, 40]);

        Assert.Equal(end, whole.End);
        Assert.Equal(whole.Lines, pieces.Lines);
        var start = Lsn.Parse(whole.Lines[0][..whole.Lines[0].IndexOf(' ')]);
        if (File.Exists(server.Binaries.Tool("pg_waldump")))
            Assert.Equal(
                await ReferenceRecords.DumpedAsync(
                    server.Binaries.Tool("pg_waldump"), server.WalDirectory, start, end),
                whole.Lines);
        else if (major >= 16)
        {
            await server.RunAsync("CREATE EXTENSION pg_walinspect");
            await using var connection = await server.ConnectAsync();
            Assert.Equal(await ReferenceRecords.InspectedAsync(connection, start, end), whole.Lines);
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"PostgreSQL {major}: {whole.Lines.Count} records in {segments.Length} segments");
    }

    [Fact]
    public async Task Reading_begins_in_the_middle_of_a_record_with_the_next_one()
    {
        await using var server = await WalServer.StartAsync(15);
        await server.RunAsync("SELECT pg_logical_emit_message(false, 'long', repeat('z', 40000000))");
        await server.RunAsync("CREATE TABLE after (a int)");
        var end = await server.PositionAsync();
        var segments = await server.SegmentsAsync();

        var all = Read(segments[0].Segment.Start, [.. segments.SelectMany(s => s.Content)], end, []);
        var last = Read(segments[^2].Segment.Start, [.. segments[^2..].SelectMany(s => s.Content)], end, []);

        Assert.Equal(end, last.End);
        Assert.NotEmpty(last.Lines);
        Assert.Equal(all.Lines[^last.Lines.Count..], last.Lines);
    }

    [Fact]
    public async Task A_changed_bit_is_found()
    {
        await using var server = await WalServer.StartAsync(15);
        await server.RunAsync("CREATE TABLE t AS SELECT generate_series(1, 50000) a");
        var end = await server.PositionAsync();
        var segments = await server.SegmentsAsync();
        var content = segments[^1].Content;
        var middle = (int)((end.Value - segments[^1].Segment.Start.Value) / 2);
        content[middle] ^= 0x10;

        var reader = new RecordReader(segments[^1].Segment.Start.Value, segments[^1].Segment.Size, checksums: true);
        reader.Feed(content);
        while (reader.Read() == ReadResult.Record)
        {
        }

        Assert.NotNull(reader.Fault);
        var first = segments[^1].Segment.Start.Value;
        Assert.InRange(reader.At.Value, first, first + (uint)middle);
    }

    private static (List<string> Lines, Lsn End) Read(Lsn start, byte[] wal, Lsn end, int[] lengths)
    {
        var reader = new RecordReader(start.Value, 16 << 20, checksums: true);
        var lines = new List<string>();
        var reached = start;
        var at = 0;
        for (var piece = 0; at < wal.Length && reader.Fault is null; piece++)
        {
            var length = lengths.Length == 0 ? wal.Length : lengths[piece % lengths.Length];
            length = Math.Min(length, wal.Length - at);
            reader.Feed(wal.AsMemory(at, length));
            at += length;
            // A server writes a record of its own now and then, also behind the end that it told.
            while (reader.Read() == ReadResult.Record && reader.Record.Start < end.Value)
            {
                lines.Add(ReferenceRecords.Line(reader.Record));
                reached = new Lsn(reader.Record.End);
            }
        }
        return (lines, reached);
    }
}

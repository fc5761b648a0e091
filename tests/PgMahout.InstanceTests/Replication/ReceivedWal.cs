using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>What came through a stream, by segment, to be compared with the files of the server.</summary>
internal sealed class ReceivedWal
{
    private readonly Dictionary<WalSegment, (byte[] Bytes, int From, int To)> _segments = [];

    public int Messages { get; private set; }

    public IEnumerable<WalSegment> Segments => _segments.Keys;

    /// <summary>Receives until this position is behind it, and confirms all of it.</summary>
    public StreamStep Receive(WalStream stream, TimelineId timeline, Lsn upTo)
    {
        var at = Lsn.Zero;
        while (at < upTo)
        {
            var step = stream.Next(out var message);
            if (step != StreamStep.Message)
                return step;
            Messages++;
            if (message.IsData)
            {
                Add(timeline, message.Start, message.Data);
                at = new Lsn(message.Start.Value + (ulong)message.Data.Length);
            }
            if (message.ReplyAsked)
                stream.TrySend(new StandbyStatus(at, at, 0, false));
        }
        stream.TrySend(new StandbyStatus(at, at, 0, false));
        return StreamStep.Message;
    }

    public void SameAs(string walDirectory)
    {
        Assert.NotEmpty(_segments);
        foreach (var (segment, (bytes, from, to)) in _segments)
        {
            var file = File.ReadAllBytes(Path.Combine(walDirectory, segment.Name));
            Assert.True(
                bytes.AsSpan(from, to - from).SequenceEqual(file.AsSpan(from, to - from)), $"{segment} differs");
        }
    }

    private void Add(TimelineId timeline, Lsn start, ReadOnlySpan<byte> data)
    {
        // A server that is ahead sends 128 kB at a time, over the ends of segments too.
        while (!data.IsEmpty)
        {
            var segment = WalSegment.At(new WalPosition(timeline, start), WalSegment.DefaultSize);
            var offset = (int)(start.Value - segment.Start.Value);
            var part = data[..Math.Min(data.Length, (int)segment.Size - offset)];
            var known = _segments.GetValueOrDefault(segment, (new byte[segment.Size], offset, offset));
            Assert.Equal(known.Item3, offset);
            part.CopyTo(known.Item1.AsSpan(offset));
            _segments[segment] = (known.Item1, known.Item2, offset + part.Length);
            start = new Lsn(start.Value + (ulong)part.Length);
            data = data[part.Length..];
        }
    }
}

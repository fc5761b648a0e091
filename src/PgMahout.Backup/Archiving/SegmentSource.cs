namespace PgMahout.Backup.Archiving;

/// <summary>Keeps an archiver's buffers from one stream to the next.</summary>
internal sealed class SegmentSource(ArchiverSettings settings) : IDisposable
{
    private const int Least = 2;

    private SegmentBuffers? _buffers;

    /// <summary>For large segments no more memory is used than two of them, the least that is of use.</summary>
    public SegmentBuffers Of(uint segmentSize)
    {
        if (_buffers?.SegmentSize == segmentSize)
            return _buffers;
        _buffers?.Dispose();
        var usual = Core.Wal.WalSegment.DefaultSize * (long)settings.Buffers / segmentSize;
        return _buffers = new SegmentBuffers(segmentSize, (int)Math.Clamp(usual, Least, settings.Buffers));
    }

    public void Dispose() => _buffers?.Dispose();
}

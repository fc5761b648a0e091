namespace PgMahout.Backup.Archiving;

/// <summary>Stores segments that are not whole, stretch by stretch, and removes that of those that are.</summary>
internal sealed class PartWriter(ArchiveContext context) : IDisposable
{
    // Then all of them are written as one: a quiet hour must not leave a thousand objects.
    private const int MostParts = 64;

    private readonly FrameWriter _writer = new(context.Archive.Repository);

    /// <summary>
    /// Stores what came since the last time. Null when there was nothing, or the segment became whole: then the rest
    /// comes with all of it.
    /// </summary>
    public async Task<(int From, int To)?> StoreAsync(SegmentBuffer buffer, CancellationToken cancellation)
    {
        await buffer.Gate.WaitAsync(cancellation);
        try
        {
            if (buffer.IsWhole || buffer.Filled <= buffer.Stored)
                return null;
            var from = buffer.Parts < MostParts ? buffer.Stored : 0;
            var to = buffer.Filled;
            var name = context.Archive.Names.Part(buffer.Segment, from);
            var isDone = await context.Store.UntilDoneAsync(
                to - from,
                bound => _writer.PutAsync(name, buffer.Content(from, to), bound),
                () => !buffer.IsWhole,
                cancellation);
            if (!isDone)
                return null;
            if (from == 0 && buffer.Parts > 1)
                await DeleteAsync(buffer, but: name, cancellation);
            buffer.Parts = from == 0 ? 1 : buffer.Parts + 1;
            buffer.Stored = to;
            return (from, to);
        }
        finally
        {
            buffer.Gate.Release();
        }
    }

    /// <summary>After all of the segment was stored. What cannot be removed now is found by the next look.</summary>
    public async Task RemoveAsync(SegmentBuffer buffer, CancellationToken cancellation)
    {
        // A part may still be on its way: also then nothing touches the buffer once this is done.
        await buffer.Gate.WaitAsync(cancellation);
        try
        {
            if (buffer.Parts > 0)
                await DeleteAsync(buffer, but: null, cancellation);
        }
        finally
        {
            buffer.Gate.Release();
        }
    }

    public void Dispose() => _writer.Dispose();

    private async Task DeleteAsync(SegmentBuffer buffer, string? but, CancellationToken cancellation)
    {
        var store = context.Archive.Repository.Store;
        var listed = await store.ListAsync(context.Archive.Names.Parts(buffer.Segment), cancellation);
        if (!listed.TryGet(out var entries))
            return;
        var kept = but + context.Archive.Repository.Ending;
        await store.DeleteAsync([.. entries.Select(entry => entry.Name).Where(name => name != kept)], cancellation);
    }
}

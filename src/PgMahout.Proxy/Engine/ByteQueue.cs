namespace PgMahout.Proxy.Engine;

/// <summary>Bytes in chunks, in order: what is still to be sent, or waits to be read.</summary>
internal struct ByteQueue
{
    private Chunk? _tail;

    public Chunk? Head { get; private set; }

    public int Bytes { get; private set; }

    public readonly bool IsEmpty => Head is null;

    /// <summary>Takes the chunk over, with what is in it.</summary>
    public void Give(Chunk chunk)
    {
        if (_tail is null)
            Head = chunk;
        else
            _tail.Next = chunk;
        _tail = chunk;
        Bytes += chunk.Length;
    }

    public void Append(ReadOnlySpan<byte> bytes, ChunkPool pool)
    {
        while (!bytes.IsEmpty)
        {
            if (_tail is null || _tail.Room == 0)
                Give(pool.Rent());
            var step = Math.Min(_tail!.Room, bytes.Length);
            bytes[..step].CopyTo(_tail.Free);
            _tail.End += step;
            Bytes += step;
            bytes = bytes[step..];
        }
    }

    /// <summary>So many bytes were sent.</summary>
    public void Consume(int count, ChunkPool pool)
    {
        Bytes -= count;
        while (Head is { } head && count >= head.Length)
        {
            count -= head.Length;
            Drop(pool);
        }
        if (count > 0)
            Head!.Start += count;
    }

    /// <summary>The first chunk, which is the caller's then; null when there is none.</summary>
    public Chunk? Take()
    {
        if (Head is not { } head)
            return null;
        Head = head.Next;
        if (Head is null)
            _tail = null;
        head.Next = null;
        Bytes -= head.Length;
        return head;
    }

    public void Clear(ChunkPool pool)
    {
        while (Head is not null)
            Drop(pool);
        Bytes = 0;
    }

    private void Drop(ChunkPool pool)
    {
        var head = Head!;
        Head = head.Next;
        if (Head is null)
            _tail = null;
        pool.Return(head);
    }
}

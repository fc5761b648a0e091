using System.Collections.Concurrent;
using PgMahout.Proxy.Engine;

namespace PgMahout.Proxy.Loop;

/// <summary>Word for the loop from other threads.</summary>
internal sealed class Mailbox
{
    private readonly ConcurrentQueue<Action> _letters = new();

    /// <summary>The loop's, as long as there is one.</summary>
    public IEngine? Engine { get; set; }

    public void Post(Action letter)
    {
        _letters.Enqueue(letter);
        Engine?.Wake();
    }

    public void Read()
    {
        while (_letters.TryDequeue(out var letter))
            letter();
    }
}

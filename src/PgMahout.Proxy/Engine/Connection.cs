using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Proxy.Engine;

/// <summary>
/// A descriptor in the loop. The engine calls it, one call at a time and only from the loop's thread, and never after
/// <see cref="IEngine.Close"/>.
/// </summary>
internal abstract class Connection(int descriptor)
{
    public ByteQueue Output;

    public int Descriptor { get; } = descriptor;

    public bool IsClosed { get; set; }

    /// <summary>Its output is to be sent at the end of this step of the loop.</summary>
    public bool IsMarked { get; set; }

    // What an engine keeps of it.
    internal int Slot { get; set; } = -1;
    internal EngineState State;

    /// <summary>Something came; the chunk is the connection's from now on. No more comes until it asks again.</summary>
    public abstract void Received(Chunk chunk);

    /// <summary>The other side has ended (0), or the connection is broken; nothing more is received.</summary>
    public abstract void Ended(int error);

    /// <summary>Some of the output is on its way.</summary>
    public abstract void Sent();

    /// <summary>What a connection that was begun has come to; 0: it is there.</summary>
    public abstract void Connected(int error);

    /// <summary>Nothing is received any more, as <see cref="IEngine.Stop"/> asked, and nothing had come.</summary>
    public virtual void Stopped() { }
}

/// <summary>What is under way on a connection.</summary>
internal struct EngineState
{
    /// <summary>More is wanted.</summary>
    public bool Receiving;
    public bool Sending;
    public bool Connecting;

    /// <summary>What epoll was told to watch; or, for io_uring, how many operations are under way.</summary>
    public int Registered;

    /// <summary>The last receive left something behind.</summary>
    public bool More;
}

/// <summary>What comes in on a listening socket.</summary>
internal interface IListener
{
    int Descriptor { get; }

    /// <summary>Nobody is to be let in any more.</summary>
    bool IsOver { get; set; }

    /// <summary>The descriptor is the listener's from now on.</summary>
    void Accepted(int descriptor);
}

/// <summary>
/// The one place where descriptors are read and written. Two of them, with the same meaning: epoll, which every kernel
/// has, and io_uring, which makes all reads and writes of a turn in one system call, where it is allowed.
/// </summary>
internal interface IEngine : IDisposable
{
    string Name { get; }

    /// <summary>Flags for the sockets that it is given.</summary>
    int SocketFlags { get; }

    void Add(Connection connection);

    void Connect(Connection connection, ServerAddress address);

    /// <summary>Asks for the next that comes; once.</summary>
    void Receive(Connection connection);

    /// <summary>Sends the output, unless that is under way.</summary>
    void Send(Connection connection);

    /// <summary>
    /// Takes back that something was asked for; <see cref="Connection.Stopped"/> follows, unless something came first.
    /// </summary>
    void Stop(Connection connection);

    /// <summary>
    /// Has nothing to do with it any more; the descriptor stays open. Only while nothing is under way.
    /// </summary>
    void Forget(Connection connection);

    /// <summary>Drops what was not sent, and closes the descriptor.</summary>
    void Close(Connection connection);

    void Listen(IListener listener);

    void StopListening(IListener listener);

    /// <summary>Waits until something happens, at most so long, and calls those to whom it happened.</summary>
    void Turn(int milliseconds, Outbox outbox);

    /// <summary>Ends the wait; from any thread.</summary>
    void Wake();
}

/// <summary>Connections with something new to send: once each, however much was written.</summary>
internal sealed class Outbox
{
    private readonly List<Connection> _marked = [];

    public void Mark(Connection connection)
    {
        if (connection.IsMarked)
            return;
        connection.IsMarked = true;
        _marked.Add(connection);
    }

    public void Flush(IEngine engine)
    {
        // Sending can end a connection, and that can give others something to send.
        for (var i = 0; i < _marked.Count; i++)
        {
            var connection = _marked[i];
            connection.IsMarked = false;
            if (!connection.IsClosed)
                engine.Send(connection);
        }
        _marked.Clear();
    }
}

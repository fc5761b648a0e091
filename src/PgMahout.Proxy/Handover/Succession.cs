using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Proxy.Engine;

namespace PgMahout.Proxy.Handover;

/// <summary>
/// The side of the process that has the sockets: it awaits its successor, and lends it copies of them. Only when that
/// one listens does <see cref="ProxyServer.Retire"/> make it final.
/// </summary>
public sealed class Succession : IDisposable
{
    private readonly string _path;
    private readonly int _listening;
    private readonly Lock _gate = new();
    private bool _isDisposed;

    /// <param name="path">Of the unix socket at which the successor is awaited; only this user can reach it.</param>
    /// <exception cref="IOException">It cannot be made there.</exception>
    public Succession(string path)
    {
        _path = path;
        _listening = HandoverLine.Listen(path);
    }

    internal HandoverLine? Line { get; private set; }

    /// <summary>Waits for the successor, and until it listens.</summary>
    /// <param name="keepsake">A descriptor that it is lent too: that of a lock.</param>
    /// <param name="limit">For each of both.</param>
    /// <returns>Null when it listens; otherwise why it does not, and everything is as before.</returns>
    public string? Await(ProxyServer server, int keepsake, bool paused, TimeSpan limit)
    {
        Line = HandoverLine.Accept(_listening, limit);
        if (Line is null)
            return "it did not come";
        var sockets = server.Listening;
        var sent = Line.Send(
            new HandoverMessage.Sockets([.. sockets.Select(socket => socket.Name)], server.LastNumber, paused),
            [.. sockets.Select(socket => socket.Descriptor), keepsake]);
        if (sent != LineSending.Sent)
            return "it did not take the sockets";
        try
        {
            return Line.Receive(limit)?.Message is HandoverMessage.Listening ? null : "it did not come to listen";
        }
        catch (ProtocolException other)
        {
            return other.Message;
        }
    }

    /// <summary>Nobody will come any more; from any thread, until it is disposed of.</summary>
    public void StopWaiting()
    {
        lock (_gate)
            if (!_isDisposed)
                _ = LibC.Shutdown(_listening, HandoverLine.BothWays);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _ = LibC.Close(_listening);
        }
        File.Delete(_path);
    }

    /// <summary>It has come to nothing: a successor that is still there notices.</summary>
    public void GiveUp() => Line?.Dispose();
}

/// <summary>The side of the successor: what it was lent, and the line by which clients follow.</summary>
public sealed class Predecessor
{
    private Predecessor(HandoverLine line, HandoverMessage.Sockets told, ImmutableArray<int> descriptors)
    {
        Line = line;
        Keepsake = descriptors[^1];
        LastNumber = told.LastNumber;
        Paused = told.Paused;
        Sockets = [.. told.Names.Zip(descriptors, (name, descriptor) => new ListeningSocket(name, descriptor))];
    }

    internal HandoverLine Line { get; }

    internal int LastNumber { get; }

    internal ImmutableArray<ListeningSocket> Sockets { get; }

    /// <summary>The descriptor that was lent beside the sockets; the caller's from now on.</summary>
    public int Keepsake { get; }

    /// <summary>By an operator.</summary>
    public bool Paused { get; }

    /// <returns>Null, with the reason, when there is nobody or it is of another version.</returns>
    public static Predecessor? Find(string path, TimeSpan limit, out string why)
    {
        why = "";
        try
        {
            var line = HandoverLine.Connect(path);
            if (line.Receive(limit) is { Message: HandoverMessage.Sockets told } received
                && received.Descriptors.Length == told.Names.Length + 1)
                return new Predecessor(line, told, received.Descriptors);
            why = "it did not lend its sockets";
        }
        catch (Exception e) when (e is IOException or ProtocolException)
        {
            why = e.Message;
        }
        return null;
    }
}

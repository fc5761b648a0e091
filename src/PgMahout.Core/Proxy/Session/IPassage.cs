namespace PgMahout.Core.Proxy.Session;

/// <summary>
/// Where the bytes go that one side of a session is to receive. Nothing is kept from one call to the next.
/// </summary>
public interface IPassage
{
    /// <summary>A stretch of the input that is just being read, as it is.</summary>
    void Pass(int start, int end);

    /// <summary>Bytes of our own.</summary>
    void Insert(ReadOnlySpan<byte> bytes);
}

/// <summary>For what nobody shall receive.</summary>
public sealed class NoPassage : IPassage
{
    public static readonly NoPassage Instance = new();

    private NoPassage() { }

    public void Pass(int start, int end) { }

    public void Insert(ReadOnlySpan<byte> bytes) { }
}

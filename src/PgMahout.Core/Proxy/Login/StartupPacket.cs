using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>The parameters of a client's startup packet, still unjudged.</summary>
/// <param name="Parameters">In the order in which they came; later ones win.</param>
internal readonly record struct StartupPacket(int Version, ImmutableArray<KeyValuePair<string, string>> Parameters)
{
    /// <summary>The largest packet, its length included, that PostgreSQL takes too.</summary>
    public const int MostBytes = 10_000;

    private const int LeastBytes = 8;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public int Major => Version >> 16;

    public int Minor => Version & 0xFFFF;

    /// <summary>Of the packet that begins here; null until it is all here; 0 when it can be none.</summary>
    public static int? Measure(ReadOnlySpan<byte> received)
    {
        if (received.Length < sizeof(int))
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(received);
        if (length is < LeastBytes or > MostBytes)
            return 0;
        return received.Length < length ? null : length;
    }

    public static int CodeOf(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadInt32BigEndian(packet[sizeof(int)..]);

    /// <exception cref="ProtocolException">Not pairs of texts with a zero byte behind the last.</exception>
    public static StartupPacket Read(ReadOnlySpan<byte> packet)
    {
        var reader = new MessageReader(packet[sizeof(int)..]);
        var version = reader.Int32();
        var pairs = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        while (Text(ref reader) is var name && name != "")
            pairs.Add(new(name, Text(ref reader)));
        if (!reader.Rest.IsEmpty)
            throw new ProtocolException("invalid startup packet layout: expected terminator as last byte");
        return new StartupPacket(version, pairs.ToImmutable());
    }

    private static string Text(ref MessageReader reader)
    {
        var length = reader.Rest.IndexOf((byte)0);
        if (length < 0)
            throw new ProtocolException("invalid startup packet layout: expected terminator as last byte");
        try
        {
            return Strict.GetString(reader.Take(length + 1)[..length]);
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException("invalid startup packet: its texts are not UTF-8");
        }
    }
}

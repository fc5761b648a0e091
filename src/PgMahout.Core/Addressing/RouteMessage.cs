using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PgMahout.Core.Access;

namespace PgMahout.Core.Addressing;

/// <summary>What the kernel answered.</summary>
public abstract record RouteAnswer
{
    private RouteAnswer() { }

    /// <summary>An address of an interface.</summary>
    /// <param name="SecondsLeft">Until the kernel takes it away; null: never.</param>
    public sealed record Address(int Interface, IpAddress Value, int PrefixLength, uint? SecondsLeft) : RouteAnswer;

    /// <summary>The end of an answer.</summary>
    /// <param name="Error">A number of errno; 0: done.</param>
    public sealed record End(int Error) : RouteAnswer;
}

/// <summary>
/// The messages by which addresses of interfaces are read and changed: rtnetlink, with numbers in the machine's own
/// order of octets.
/// </summary>
public static class RouteMessage
{
    public const int HeadLength = 16;

    private const int AddressHeadLength = 8;
    private const ushort ErrorType = 2;
    private const ushort DoneType = 3;
    private const ushort NewAddress = 20;
    private const ushort DeleteAddress = 21;
    private const ushort GetAddress = 22;

    private const ushort Requested = 0x1;
    private const ushort Acknowledged = 0x4;
    private const ushort Replacing = 0x100;
    private const ushort Dumped = 0x300;
    private const ushort Creating = 0x400;

    private const ushort AddressAttribute = 1;
    private const ushort LocalAttribute = 2;
    private const ushort LifetimeAttribute = 6;
    private const ushort FlagsAttribute = 8;

    // Whether it is a duplicate has been asked already; and the route to its network is the host's own address's.
    private const uint WithoutDetection = 0x02;
    private const uint WithoutRoute = 0x200;
    private const uint Forever = uint.MaxValue;
    private const byte V4 = 2;
    private const byte V6 = 10;

    /// <summary>
    /// Puts an address on an interface for so many seconds, or changes its end. An address of IPv6 is not to be used
    /// for connections that this host begins, which the kernel knows as deprecated.
    /// </summary>
    public static byte[] Put(uint sequence, int index, (IpAddress Value, int PrefixLength) address, int seconds)
    {
        var preferred = address.Value.Family switch { IpFamily.V4 => (uint)seconds, IpFamily.V6 => 0u };
        Span<byte> lifetime = stackalloc byte[16];
        MemoryMarshal.Write(lifetime, preferred);
        MemoryMarshal.Write(lifetime[4..], (uint)seconds);
        Span<byte> flags = stackalloc byte[4];
        MemoryMarshal.Write(flags, WithoutDetection | WithoutRoute);
        var message = new MessageBuilder();
        WriteAddress(message, index, address);
        message.Attribute(LifetimeAttribute, lifetime);
        message.Attribute(FlagsAttribute, flags);
        return message.End(NewAddress, Requested | Acknowledged | Replacing | Creating, sequence);
    }

    public static byte[] Remove(uint sequence, int index, (IpAddress Value, int PrefixLength) address)
    {
        var message = new MessageBuilder();
        WriteAddress(message, index, address);
        return message.End(DeleteAddress, Requested | Acknowledged, sequence);
    }

    /// <summary>All addresses of all interfaces.</summary>
    public static byte[] List(uint sequence)
    {
        var message = new MessageBuilder();
        message.Raw(new byte[AddressHeadLength]);
        return message.End(GetAddress, Requested | Dumped, sequence);
    }

    /// <summary>What one datagram answers to the question of that number; the rest is passed over.</summary>
    public static IEnumerable<RouteAnswer> Read(ReadOnlyMemory<byte> datagram, uint sequence)
    {
        while (datagram.Length >= HeadLength)
        {
            var length = (int)MemoryMarshal.Read<uint>(datagram.Span);
            if (length < HeadLength || length > datagram.Length)
                yield break;
            var isAnswer = MemoryMarshal.Read<uint>(datagram.Span[8..]) == sequence;
            var type = MemoryMarshal.Read<ushort>(datagram.Span[4..]);
            var body = datagram[HeadLength..length];
            if (isAnswer && (type is ErrorType or DoneType))
                yield return new RouteAnswer.End(body.Length >= 4 ? -MemoryMarshal.Read<int>(body.Span) : 0);
            else if (isAnswer && type == NewAddress && AddressIn(body.Span) is { } address)
                yield return address;
            datagram = datagram[Math.Min(Aligned(length), datagram.Length)..];
        }
    }

    private static RouteAnswer.Address? AddressIn(ReadOnlySpan<byte> body)
    {
        if (body.Length < AddressHeadLength)
            return null;
        IpFamily? family = body[0] switch { V4 => IpFamily.V4, V6 => IpFamily.V6, _ => null };
        IpAddress? value = null;
        uint? left = null;
        for (var rest = body[AddressHeadLength..]; rest.Length >= 4 && family is not null;)
        {
            var length = MemoryMarshal.Read<ushort>(rest);
            if (length < 4 || length > rest.Length)
                return null;
            var content = rest[4..length];
            switch (MemoryMarshal.Read<ushort>(rest[2..]))
            {
                // On a line between two hosts the one is the other end, and only this is the own.
                case LocalAttribute:
                    value = ReadAddress(family.Value, content);
                    break;
                case AddressAttribute:
                    value ??= ReadAddress(family.Value, content);
                    break;
                case LifetimeAttribute when content.Length >= 8 && MemoryMarshal.Read<uint>(content[4..]) != Forever:
                    left = MemoryMarshal.Read<uint>(content[4..]);
                    break;
            }
            rest = rest[Math.Min(Aligned(length), rest.Length)..];
        }
        return value is { } found
            ? new RouteAnswer.Address((int)MemoryMarshal.Read<uint>(body[4..]), found, body[1], left)
            : null;
    }

    private static IpAddress? ReadAddress(IpFamily family, ReadOnlySpan<byte> content) => family switch
    {
        IpFamily.V4 => content.Length == 4
            ? new IpAddress(family, BinaryPrimitives.ReadUInt32BigEndian(content))
            : null,
        IpFamily.V6 => content.Length == 16
            ? new IpAddress(family, BinaryPrimitives.ReadUInt128BigEndian(content))
            : null,
    };

    private static void WriteAddress(MessageBuilder message, int index, (IpAddress Value, int PrefixLength) address)
    {
        Span<byte> head = stackalloc byte[AddressHeadLength];
        head[0] = address.Value.Family switch { IpFamily.V4 => V4, IpFamily.V6 => V6 };
        head[1] = (byte)address.PrefixLength;
        MemoryMarshal.Write(head[4..], (uint)index);
        message.Raw(head);
        Span<byte> bits = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bits, address.Value.Bits);
        var value = bits[(16 - address.Value.Width / 8)..];
        message.Attribute(LocalAttribute, value);
        message.Attribute(AddressAttribute, value);
    }

    internal static int Aligned(int length) => (length + 3) & ~3;
}

/// <summary>A netlink message as it grows; its head comes last, when its length is known.</summary>
internal sealed class MessageBuilder
{
    private readonly List<byte> _bytes = [.. new byte[RouteMessage.HeadLength]];

    public void Raw(ReadOnlySpan<byte> content) => _bytes.AddRange(content);

    public void Attribute(ushort type, ReadOnlySpan<byte> content)
    {
        Span<byte> head = stackalloc byte[4];
        MemoryMarshal.Write(head, (ushort)(head.Length + content.Length));
        MemoryMarshal.Write(head[2..], type);
        _bytes.AddRange(head);
        _bytes.AddRange(content);
        _bytes.AddRange(new byte[RouteMessage.Aligned(content.Length) - content.Length]);
    }

    public byte[] End(ushort type, int flags, uint sequence)
    {
        var message = _bytes.ToArray();
        MemoryMarshal.Write(message, (uint)message.Length);
        MemoryMarshal.Write(message.AsSpan(4), type);
        MemoryMarshal.Write(message.AsSpan(6), (ushort)flags);
        MemoryMarshal.Write(message.AsSpan(8), sequence);
        return message;
    }
}

using System.Globalization;

namespace PgMahout.Core.Addressing;

/// <summary>Of a network card: 48 bits, the first octet highest.</summary>
public readonly record struct HardwareAddress(ulong Bits)
{
    public const int Length = 6;

    public static readonly HardwareAddress Everybody = new(0xFFFF_FFFF_FFFF);

    public static HardwareAddress Read(ReadOnlySpan<byte> octets)
    {
        ulong bits = 0;
        foreach (var octet in octets[..Length])
            bits = (bits << 8) | octet;
        return new HardwareAddress(bits);
    }

    /// <summary>As the kernel prints it, such as 02:fc:00:00:00:01; null for anything else.</summary>
    public static HardwareAddress? Parse(string text)
    {
        var parts = text.Trim().Split(':');
        if (parts.Length != Length)
            return null;
        ulong bits = 0;
        foreach (var part in parts)
        {
            if (!byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
                return null;
            bits = (bits << 8) | octet;
        }
        return new HardwareAddress(bits);
    }

    public void Write(Span<byte> octets)
    {
        for (var index = 0; index < Length; index++)
            octets[index] = (byte)(Bits >> (8 * (Length - 1 - index)));
    }

    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[Length];
        Write(octets);
        return string.Join(
            ':', octets.ToArray().Select(octet => octet.ToString("x2", CultureInfo.InvariantCulture)));
    }
}

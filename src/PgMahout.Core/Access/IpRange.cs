using System.Globalization;

namespace PgMahout.Core.Access;

/// <summary>The addresses that agree with one address in the bits of a mask, which need not be contiguous.</summary>
public readonly record struct IpRange(IpAddress Address, UInt128 Mask)
{
    public IpFamily Family => Address.Family;

    private UInt128 Everything => Address.Width == 128 ? UInt128.MaxValue : (UInt128.One << Address.Width) - 1;

    /// <summary>Length of the prefix; null when the mask is not one.</summary>
    public int? PrefixLength
    {
        get
        {
            var (mask, width) = (Mask, Address.Width);
            var length = Enumerable.Range(0, width + 1).First(bits => bits == width || !HasBit(mask, width - 1 - bits));
            return PrefixMask(width, length) == mask ? length : null;
        }
    }

    /// <summary>
    /// An address with bits that its mask does not look at: 172.23.13.5/24 means all of 172.23.13.0/24.
    /// </summary>
    public bool HasBitsOutsideMask => (Address.Bits & ~Mask & Everything) != 0;

    /// <summary>The first address, with the bits outside the mask cleared.</summary>
    public IpAddress First => Address with { Bits = Address.Bits & Mask };

    public IpAddress Last => Address with { Bits = (Address.Bits & Mask) | (~Mask & Everything) };

    public bool CoversEverything => Mask == 0;

    public static IpRange Of(IpAddress address, int prefixLength) =>
        new(address, PrefixMask(address.Width, prefixLength));

    public static IpRange Single(IpAddress address) => Of(address, address.Width);

    /// <summary>An address, or an address and a prefix length after a slash; null for anything else.</summary>
    public static IpRange? Parse(string text)
    {
        var parts = text.Split('/', 2);
        if (IpAddress.Parse(parts[0]) is not { } address)
            return null;
        if (parts.Length == 1)
            return Single(address);
        return PrefixOf(parts[1], address) is { } length ? Of(address, length) : null;
    }

    /// <summary>What PostgreSQL takes for a prefix length: what <c>strtol</c> reads, within the width.</summary>
    public static int? PrefixOf(string text, IpAddress address) =>
        int.TryParse(
            text.TrimStart(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length)
        && length >= 0 && length <= address.Width
            ? length
            : null;

    /// <summary>Every address of <paramref name="other"/> is in this range.</summary>
    public bool Covers(IpRange other) =>
        Family == other.Family
        && (Mask & ~other.Mask) == 0
        && ((Address.Bits ^ other.Address.Bits) & Mask) == 0;

    /// <summary>Some address is in both.</summary>
    public bool Meets(IpRange other) =>
        Family == other.Family && ((Address.Bits ^ other.Address.Bits) & Mask & other.Mask) == 0;

    /// <summary>Its two halves, by the first bit that its prefix leaves open. Of a prefix only.</summary>
    public (IpRange Lower, IpRange Upper) Halves()
    {
        var length = PrefixLength!.Value + 1;
        var lower = Of(First, length);
        var upper = Of(First with { Bits = First.Bits | (UInt128.One << (Address.Width - length)) }, length);
        return (lower, upper);
    }

    public override string ToString() => PrefixLength switch
    {
        { } length when length == Address.Width => First.ToString(),
        { } length => string.Create(CultureInfo.InvariantCulture, $"{First}/{length}"),
        null => $"{First} mask {Address with { Bits = Mask }}",
    };

    private static UInt128 PrefixMask(int width, int length)
    {
        var everything = width == 128 ? UInt128.MaxValue : (UInt128.One << width) - 1;
        return length == 0 ? UInt128.Zero : everything & ~(width == length ? 0 : everything >> length);
    }

    private static bool HasBit(UInt128 bits, int bit) => ((bits >> bit) & 1) == 1;
}

using System.Globalization;

namespace PgMahout.Core.Access;

public enum IpFamily
{
    V4,
    V6,
}

/// <summary>A numeric address. Core has no sockets, so it has an address of its own.</summary>
/// <param name="Bits">An IPv4 address is in the lowest 32.</param>
public readonly record struct IpAddress(IpFamily Family, UInt128 Bits) : IComparable<IpAddress>
{
    private const int GroupsOfV6 = 8;

    public int Width => Family switch { IpFamily.V4 => 32, IpFamily.V6 => 128 };

    /// <summary>
    /// What <c>getaddrinfo</c> takes for numeric, and so PostgreSQL does: IPv4 in one to four parts, each decimal,
    /// octal or hexadecimal; IPv6 with or without a scope, which is passed over. Null for anything else.
    /// </summary>
    public static IpAddress? Parse(string text)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
            return ParseV4(text);
        var scope = text.IndexOf('%', StringComparison.Ordinal);
        return ParseV6(scope < 0 ? text : text[..scope]);
    }

    public int CompareTo(IpAddress other) =>
        Family == other.Family ? Bits.CompareTo(other.Bits) : Family.CompareTo(other.Family);

    public static bool operator <(IpAddress left, IpAddress right) => left.CompareTo(right) < 0;
    public static bool operator >(IpAddress left, IpAddress right) => left.CompareTo(right) > 0;
    public static bool operator <=(IpAddress left, IpAddress right) => left.CompareTo(right) <= 0;
    public static bool operator >=(IpAddress left, IpAddress right) => left.CompareTo(right) >= 0;

    public override string ToString() => Family switch
    {
        IpFamily.V4 => string.Join('.', Parts(4, 8).Select(part => part.ToString(CultureInfo.InvariantCulture))),
        IpFamily.V6 => TextOfV6(),
    };

    private int[] Parts(int count, int width)
    {
        var parts = new int[count];
        for (var index = 0; index < count; index++)
            parts[index] = (int)((Bits >> (width * (count - 1 - index))) & ((UInt128.One << width) - 1));
        return parts;
    }

    private string TextOfV6()
    {
        var groups = Parts(GroupsOfV6, 16);
        var (start, length) = (0, 0);
        for (var from = 0; from < GroupsOfV6; from++)
        {
            var run = groups.Skip(from).TakeWhile(group => group == 0).Count();
            if (run > length)
                (start, length) = (from, run);
        }
        var words = groups.Select(group => group.ToString("x", CultureInfo.InvariantCulture)).ToArray();
        return length < 2
            ? string.Join(':', words)
            : string.Join(':', words[..start]) + "::" + string.Join(':', words[(start + length)..]);
    }

    private static IpAddress? ParseV4(string text)
    {
        var parts = text.Split('.');
        if (parts.Length > 4)
            return null;
        ulong bits = 0;
        for (var index = 0; index < parts.Length; index++)
        {
            // The last part fills what the others left: 127.1 is 127.0.0.1.
            var room = index == parts.Length - 1 ? 8 * (5 - parts.Length) : 8;
            if (Number(parts[index]) is not { } part || part >= 1UL << room)
                return null;
            bits = (bits << room) | part;
        }
        return new IpAddress(IpFamily.V4, bits);
    }

    private static ulong? Number(string text)
    {
        if (text.Length is 0 or > 12 || !char.IsAsciiDigit(text[0]))
            return null;
        var (digits, numberBase) = text switch
        {
            ['0', 'x' or 'X', ..] => (text[2..], 16),
            ['0', _, ..] => (text[1..], 8),
            _ => (text, 10),
        };
        if (digits.Length == 0)
            return null;
        ulong number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit) || Convert.ToInt32(digit.ToString(), 16) >= numberBase)
                return null;
            number = number * (ulong)numberBase + (ulong)Convert.ToInt32(digit.ToString(), 16);
        }
        return number;
    }

    private static IpAddress? ParseV6(string text)
    {
        var halves = text.Split("::");
        if (halves.Length > 2)
            return null;
        var groups = halves.Select(Groups).ToArray();
        if (groups.Any(half => half is null))
            return null;
        var missing = GroupsOfV6 - groups.Sum(half => half!.Count);
        if (halves.Length == 1 ? missing != 0 : missing < 1)
            return null;
        var all = halves.Length == 1 ? groups[0]! : [.. groups[0]!, .. new int[missing], .. groups[1]!];
        return new IpAddress(IpFamily.V6, all.Aggregate(UInt128.Zero, (bits, group) => (bits << 16) | (UInt128)group));
    }

    private static List<int>? Groups(string half)
    {
        var groups = new List<int>();
        var words = half.Length == 0 ? [] : half.Split(':');
        for (var index = 0; index < words.Length; index++)
        {
            var word = words[index];
            if (index == words.Length - 1 && word.Count(c => c == '.') == 3 && ParseV4(word) is { } tail)
                groups.AddRange([(int)(tail.Bits >> 16), (int)(tail.Bits & 0xffff)]);
            else if (word.Length is >= 1 and <= 4 && word.All(char.IsAsciiHexDigit))
                groups.Add(int.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            else
                return null;
        }
        return groups;
    }
}

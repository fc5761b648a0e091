using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal;

/// <summary>One file of WAL: which stretch of which timeline. PostgreSQL names it with 24 hexadecimal digits.</summary>
/// <param name="Number">The address of its first byte divided by <paramref name="Size"/>.</param>
/// <param name="Size">In bytes: a power of two from 1 MB to 1 GB, chosen when the cluster was made.</param>
public readonly record struct WalSegment(TimelineId Timeline, ulong Number, uint Size)
{
    public const uint DefaultSize = 16 << 20;

    private ulong PerFile => 0x1_0000_0000UL / Size;

    public Lsn Start => new(Number * Size);

    /// <summary>Of the first byte behind it.</summary>
    public Lsn End => new((Number + 1) * Size);

    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"{Timeline.Value:X8}{Number / PerFile:X8}{Number % PerFile:X8}");

    public WalSegment Next => this with { Number = Number + 1 };

    /// <summary>The segment that holds the byte at this position.</summary>
    public static WalSegment At(WalPosition position, uint size) =>
        new(position.Timeline, position.Lsn.Value / size, size);

    /// <summary>False for anything else than 24 upper-case hexadecimal digits that fit the size.</summary>
    public static bool TryParse(string name, uint size, out WalSegment segment)
    {
        segment = default;
        if (name.Length != 24 || !name.All(c => c is (>= '0' and <= '9') or (>= 'A' and <= 'F')))
            return false;
        var high = Convert.ToUInt64(name[8..16], 16);
        var low = Convert.ToUInt64(name[16..], 16);
        var perFile = 0x1_0000_0000UL / size;
        segment = new WalSegment(new TimelineId(Convert.ToUInt32(name[..8], 16)), high * perFile + low, size);
        return low < perFile;
    }

    public override string ToString() => Name;
}

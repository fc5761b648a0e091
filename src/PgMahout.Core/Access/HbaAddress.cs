namespace PgMahout.Core.Access;

/// <summary>Which clients a rule for TCP is for.</summary>
public abstract record HbaAddress
{
    private HbaAddress() { }

    /// <summary>Every address.</summary>
    public sealed record Anywhere : HbaAddress;

    /// <summary>The addresses of the server itself.</summary>
    public sealed record SameHost : HbaAddress;

    /// <summary>The networks that the server is directly connected to.</summary>
    public sealed record SameNet : HbaAddress;

    public sealed record Range(IpRange Addresses) : HbaAddress;

    /// <summary>
    /// The client's address must resolve to this name and back; a name that begins with a dot is the end of one.
    /// </summary>
    public sealed record HostName(string Name) : HbaAddress;

    public sealed override string ToString() => this switch
    {
        Anywhere => "all",
        SameHost => "samehost",
        SameNet => "samenet",
        Range range => Text(range.Addresses),
        HostName host => host.Name,
        _ => throw new InvalidOperationException("a closed hierarchy"),
    };

    // PostgreSQL wants a mask, where people leave that of a single address away.
    private static string Text(IpRange range) =>
        range.PrefixLength is { } length
            ? $"{range.First}/{length}"
            : $"{range.First} {range.First with { Bits = range.Mask }}";
}

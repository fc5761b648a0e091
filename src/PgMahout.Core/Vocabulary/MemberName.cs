namespace PgMahout.Core.Vocabulary;

/// <summary>
/// The name of a member. Also its <c>application_name</c> and, prefixed, its slot name, hence the narrow alphabet:
/// a lower-case letter, then up to 39 lower-case letters, digits or underscores.
/// </summary>
public readonly record struct MemberName : IComparable<MemberName>
{
    private readonly string? _text;

    public MemberName(string text)
    {
        if (!IsValid(text))
            throw new FormatException(
                $"'{text}' is not a member name: a lower-case letter, "
                + "then up to 39 lower-case letters, digits or underscores");
        _text = text;
    }

    public string Text => _text ?? "";

    /// <summary>The physical replication slot that keeps WAL for this member on every other member.</summary>
    public string SlotName => "pgmahout_" + Text;

    public static bool IsValid(string? text) =>
        text is { Length: >= 1 and <= 40 }
        && text[0] is >= 'a' and <= 'z'
        && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_');

    public int CompareTo(MemberName other) => string.CompareOrdinal(Text, other.Text);

    public static bool operator <(MemberName left, MemberName right) => left.CompareTo(right) < 0;
    public static bool operator >(MemberName left, MemberName right) => left.CompareTo(right) > 0;
    public static bool operator <=(MemberName left, MemberName right) => left.CompareTo(right) <= 0;
    public static bool operator >=(MemberName left, MemberName right) => left.CompareTo(right) >= 0;

    public override string ToString() => Text;
}

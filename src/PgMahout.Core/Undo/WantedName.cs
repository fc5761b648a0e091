using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Undo;

/// <summary>
/// A name as a user gives it: <c>orders</c>, <c>public.orders</c> or <c>shop.public.orders</c>, each part as SQL
/// writes it. Only what was given must match.
/// </summary>
/// <param name="Parts">One to three, outermost first.</param>
public sealed record WantedName(ImmutableArray<string> Parts)
{
    public string Text => string.Join('.', Parts);

    /// <summary>Null when it is no name. Double quotes keep dots; capitals are kept with and without them.</summary>
    public static WantedName? Parse(string text)
    {
        var parts = ImmutableArray.CreateBuilder<string>();
        var part = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
                part.Append(text[i++]);
            else if (text[i] == '"')
                quoted = !quoted;
            else if (text[i] == '.' && !quoted)
                Take(parts, part);
            else
                part.Append(text[i]);
        }
        Take(parts, part);
        return !quoted && parts.Count <= 3 && parts.All(name => name.Length > 0)
            ? new WantedName(parts.ToImmutable())
            : null;
    }

    /// <summary>Whether the last parts of a full name are these.</summary>
    public bool Fits(params ReadOnlySpan<string> full) =>
        Parts.Length <= full.Length && full[^Parts.Length..].SequenceEqual(Parts.AsSpan());

    public bool Equals(WantedName? other) => other is not null && Parts.AsSpan().SequenceEqual(other.Parts.AsSpan());

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    private static void Take(ImmutableArray<string>.Builder parts, StringBuilder part)
    {
        parts.Add(part.ToString());
        part.Clear();
    }
}

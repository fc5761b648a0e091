using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Undo.Returning;

/// <summary>Names for the indexes, sequences and partitions of a copy that stands beside the original.</summary>
public static class CopyNames
{
    private const int LongestBytes = 63;

    /// <param name="parts">That have names in the schema.</param>
    /// <param name="taken">Names there; none of them is given.</param>
    public static ImmutableArray<(LostThing Part, string Name)> Choose(
        (string From, string To) renamed, IEnumerable<LostThing> parts, IReadOnlySet<string> taken)
    {
        var used = new HashSet<string>(taken, StringComparer.Ordinal) { renamed.To };
        var chosen = ImmutableArray.CreateBuilder<(LostThing, string)>();
        foreach (var part in parts)
        {
            var end = part.Name.StartsWith(renamed.From + "_", StringComparison.Ordinal)
                ? part.Name[renamed.From.Length..]
                : "_" + part.Name;
            var name = Enumerable.Range(0, int.MaxValue)
                .Select(i => Joined(renamed.To, i == 0 ? end : $"{end}_{i}"))
                .First(name => !used.Contains(name));
            used.Add(name);
            chosen.Add((part, name));
        }
        return chosen.ToImmutable();
    }

    /// <summary>PostgreSQL would cut the end of what is too long, by which names differ.</summary>
    private static string Joined(string start, string end)
    {
        var whole = start + end;
        while (Encoding.UTF8.GetByteCount(whole) > LongestBytes)
            whole = start.Length > 0 ? (start = start[..^1]) + end : whole[..^1];
        return whole;
    }
}

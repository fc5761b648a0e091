using System.Globalization;
using System.Text.RegularExpressions;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Files;

/// <summary>The value of <c>synchronous_standby_names</c>, as we write it and as we find it.</summary>
internal static partial class SynchronousNames
{
    /// <summary>Names are quoted: "any" and "first" are words of this little language.</summary>
    public static string Render(SynchronousSet set) =>
        set.Quorum == 0 || set.Voters.IsEmpty
            ? ""
            : $"ANY {set.Quorum.ToString(CultureInfo.InvariantCulture)} ({Quoted(set)})";

    /// <summary>
    /// Null when it is none that we write: then somebody else has set it, and what commits wait for is not known.
    /// </summary>
    public static SynchronousSet? Parse(string value)
    {
        if (string.IsNullOrWhiteSpace(value))
            return SynchronousSet.Nobody;
        var match = Pattern().Match(value);
        if (!match.Success)
            return null;
        var names = match.Groups[2].Value.Split(',').Select(name => name.Trim().Trim('"')).ToArray();
        return names.All(MemberName.IsValid)
            ? SynchronousSet.Of(
                int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
                names.Select(name => new MemberName(name)))
            : null;
    }

    private static string Quoted(SynchronousSet set) =>
        string.Join(", ", set.Voters.Select(voter => $"\"{voter}\""));

    [GeneratedRegex(@"^\s*ANY\s+(\d{1,9})\s*\(([^)]*)\)\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}

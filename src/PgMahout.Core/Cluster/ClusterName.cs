namespace PgMahout.Core.Cluster;

/// <summary>
/// The name of a cluster: shown everywhere, typed before the worst commands, and PostgreSQL's cluster_name.
/// </summary>
public static class ClusterName
{
    public const string Rule = "up to 40 letters, digits, hyphens or underscores, beginning with a letter";

    public static bool IsValid(string name) =>
        name.Length is >= 1 and <= 40
        && char.IsAsciiLetter(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

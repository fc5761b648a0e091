namespace PgMahout.Core.Access;

/// <summary>What the grammar of a file depends on.</summary>
/// <param name="Version">PostgreSQL's major version, 14 to 18.</param>
public sealed record HbaDialect(int Version)
{
    public const int FirstWithIncludes = 16;
    public const int FirstWithRegularExpressions = 16;

    public bool HasIncludes => Version >= FirstWithIncludes;

    /// <summary>A name that begins with a slash is a regular expression.</summary>
    public bool HasRegularExpressions => Version >= FirstWithRegularExpressions;
}

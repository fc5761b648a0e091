using PgMahout.Core.Access;

namespace PgMahout.Tests.Access;

internal static class Rules
{
    public static HbaFile Of(params string[] lines) => For(15, lines);

    public static HbaFile For(int version, params string[] lines) =>
        HbaFile.Parse(string.Join('\n', lines), new HbaDialect(version));

    public static IpRange Network(string text) => IpRange.Parse(text)!.Value;
}

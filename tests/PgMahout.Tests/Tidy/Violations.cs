using Xunit;

namespace PgMahout.Tests.Tidy;

internal static class Violations
{
    /// <summary>Fails with all of them, not with the first few.</summary>
    public static void None(IEnumerable<string> violations)
    {
        var all = violations.ToArray();
        if (all.Length > 0)
            Assert.Fail($"{all.Length} found:\n" + string.Join('\n', all));
    }
}

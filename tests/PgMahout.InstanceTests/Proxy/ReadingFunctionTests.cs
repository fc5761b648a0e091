using System.Text;
using PgMahout.Core.Proxy.Routing;
using PgMahout.InstanceTests.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>What the judge of statements holds for harmless is held against the catalogs of each version.</summary>
public sealed class ReadingFunctionTests
{
    // Volatile because they answer differently each time, and for no other reason; timezone was so by mistake in 14.
    private static readonly string[] ChangingByNature =
    [
        "array_sample", "array_shuffle", "clock_timestamp", "gen_random_uuid", "random", "random_normal", "timeofday",
        "timezone", "uuidv4", "uuidv7",
    ];

    // Of these words the grammar alone makes use, as far as a server of this product is concerned.
    private static readonly string[] OfTheGrammar = ["join", "ilike"];

    public static TheoryData<int> Versions => LoneServer.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task No_function_that_may_change_anything_goes_to_a_standby(int major)
    {
        await using var server = await LoneServer.StartAsync(major);

        var changing = await NamesAsync(server, "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v'");
        var free = await NamesAsync(
            server,
            """
            SELECT word FROM pg_get_keywords() WHERE catcode IN ('U', 'T')
            EXCEPT SELECT proname FROM pg_proc WHERE provolatile <> 'v'
            """);

        Assert.True(changing.Count > 100 && free.Count > 200);
        Assert.DoesNotContain(changing.Except(ChangingByNature), IsRead);
        Assert.DoesNotContain(free.Except(OfTheGrammar), IsRead);
        Assert.True(IsRead("lower") && IsRead("random") && !IsRead("pg_is_in_recovery") && !IsRead("txid_current"));
    }

    private static bool IsRead(string function) =>
        new StatementJudge(NameRules.None).Judge(Encoding.UTF8.GetBytes($"select {function}(1)")) == StatementKind.Read;

    private static async Task<List<string>> NamesAsync(LoneServer server, string sql)
    {
        var names = await server.QueryAsync<string[]>(
            $"SELECT coalesce(array_agg(w::text), '{{}}') FROM ({sql}) AS s(w)");
        return [.. names!];
    }
}

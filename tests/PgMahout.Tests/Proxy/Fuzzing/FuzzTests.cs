using System.Globalization;
using PgMahout.Core.Vocabulary;
using Xunit;
using Xunit.Sdk;

namespace PgMahout.Tests.Proxy.Fuzzing;

/// <summary>
/// Whatever comes from the network, what reads it neither throws nor hangs nor keeps memory without bound. Each input
/// follows from its seed alone, so a failure names what repeats it: PGMAHOUT_FUZZ_SEED=N with PGMAHOUT_FUZZ_INPUTS=1.
/// </summary>
public sealed class FuzzTests
{
    /// <summary>Of each subject; ./test fuzz N asks for more.</summary>
    private const int Inputs = 20_000;

    private const long MostAllocated = 2 << 20;
    private static readonly TimeSpan LongestInput = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_client_that_logs_in() => Fuzz(LoginFuzz.Client);

    [Fact]
    public void A_server_that_is_logged_in_at() => Fuzz(LoginFuzz.Server);

    [Fact]
    public void A_client_in_a_session() => Fuzz(SessionFuzz.FromClient);

    [Fact]
    public void A_server_in_a_session() => Fuzz(SessionFuzz.FromServer);

    private static void Fuzz(Action<Prng> subject)
    {
        var first = Number("PGMAHOUT_FUZZ_SEED") ?? 1;
        var count = Number("PGMAHOUT_FUZZ_INPUTS") ?? Inputs;
        // Static tables are made once, and are not of an input.
        subject(new Prng(0));
        long seed = first, seen = -1;
        using var watch = new Timer(
            _ =>
            {
                var now = Interlocked.Read(ref seed);
                if (now == Interlocked.Exchange(ref seen, now) && now < first + count)
                    Environment.FailFast($"the input of seed {now} of {subject.Method.Name} does not end");
            },
            null, LongestInput, LongestInput);
        for (; seed < first + count; Interlocked.Increment(ref seed))
            Run(subject, seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} inputs from seed {first}");
    }

    private static void Run(Action<Prng> subject, long seed)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            subject(new Prng((ulong)seed));
        }
        catch (Exception e)
        {
            throw new XunitException($"seed {seed} of {subject.Method.Name}: {e}", e);
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MostAllocated, $"seed {seed} of {subject.Method.Name} took {allocated} bytes");
    }

    private static long? Number(string name) =>
        long.TryParse(
            Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}

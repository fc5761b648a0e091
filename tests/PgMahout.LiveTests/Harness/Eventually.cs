using System.Diagnostics;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>Waits for a condition with a bound, instead of for a time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    public static Task HoldsAsync(string condition, TimeSpan bound, Func<bool> holds) =>
        HoldsAsync(condition, bound, () => Task.FromResult(holds()));

    /// <summary>Fails the test when the condition does not hold within the bound.</summary>
    public static async Task HoldsAsync(string condition, TimeSpan bound, Func<Task<bool>> holds)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(started) > bound)
                Assert.Fail($"not within {bound.TotalSeconds} s: {condition}");
            await Task.Delay(Pace);
        }
    }

    /// <summary>The opposite of a wait: the test fails as soon as the condition is broken within the span.</summary>
    public static async Task StaysAsync(string condition, TimeSpan span, Func<Task<bool>> holds)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < span)
        {
            Assert.True(await holds(), $"broken after {Stopwatch.GetElapsedTime(started)}: {condition}");
            await Task.Delay(Pace);
        }
    }
}

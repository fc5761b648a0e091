using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Probing;

/// <summary>
/// Times a few reads and flushes of single pages in a file of its own, past the kernel's cache. Short and bounded: it
/// tells a disk from flash, no more.
/// </summary>
internal static unsafe class LatencyProbe
{
    private const int Page = 8192;
    private const int Pages = 1024;
    private const int Reads = 64;
    private const int Flushes = 12;
    private const int LeastSamples = 5;
    private const nuint Alignment = 4096;
    private const int ReadWriteCreateExclusive = 0x2 | 0x40 | 0x80;

    private static int Direct => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    /// <summary>
    /// The time that a quarter of the reads do not exceed, and the quickest flush but one; null for what could not be
    /// measured, with why.
    /// </summary>
    public static (TimeSpan? Read, TimeSpan? Flush, string? Why) Measure(string directory, TimeSpan limit)
    {
        var path = Path.Combine(directory, $".pgmahout-probe-{Environment.ProcessId}");
        var page = (byte*)NativeMemory.AlignedAlloc(Page, Alignment);
        try
        {
            new Span<byte>(page, Page).Fill(0x5A);
            return MeasureIn(path, new Span<byte>(page, Page), BootClock.Now() + limit);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, null, failure.Message);
        }
        finally
        {
            NativeMemory.AlignedFree(page);
            File.Delete(path);
        }
    }

    private static (TimeSpan?, TimeSpan?, string?) MeasureIn(string path, Span<byte> page, Instant deadline)
    {
        var descriptor = LibC.Open(path, ReadWriteCreateExclusive | Direct, 0x180);
        if (descriptor < 0)
            return (null, null, $"no direct access to files there: error {Marshal.GetLastPInvokeError()}");
        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        for (var at = 0; at < Pages && BootClock.Now() < deadline; at++)
            RandomAccess.Write(file, page, (long)at * Page);
        var written = (int)(RandomAccess.GetLength(file) / Page);
        var flushes = Times(Flushes, deadline, page, (_, pages) =>
        {
            RandomAccess.Write(file, pages, 0);
            _ = LibC.Sync(descriptor);
        });
        var random = new Prng(1);
        var reads = Times(Reads, deadline, page, (_, pages) =>
            RandomAccess.Read(file, pages, (long)random.Below(written) * Page));
        return (At(reads, reads.Count / 4), At(flushes, 1), null);
    }

    private delegate void Step(int number, Span<byte> page);

    private static List<long> Times(int count, Instant deadline, Span<byte> page, Step step)
    {
        var times = new List<long>();
        for (var number = 0; number < count && BootClock.Now() < deadline; number++)
        {
            var started = Stopwatch.GetTimestamp();
            step(number, page);
            times.Add(Stopwatch.GetTimestamp() - started);
        }
        return times;
    }

    /// <summary>
    /// One of the quicker times: other work on the machine makes a device look slow, and nothing makes it look quick.
    /// </summary>
    private static TimeSpan? At(List<long> times, int place) => times.Count < LeastSamples
        ? null
        : Stopwatch.GetElapsedTime(0, times.Order().ElementAt(place));
}

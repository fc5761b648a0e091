using System.Globalization;

namespace PgMahout.Core.Tuning;

/// <summary>What was found out about the device under a directory; null is what could not be.</summary>
/// <param name="Device">The kernel's name of the disk, such as <c>nvme0n1</c>.</param>
/// <param name="Rotational">The kernel's word; virtual disks often claim to rotate and do not.</param>
/// <param name="Read">What reading a random page past the cache takes, undisturbed.</param>
/// <param name="Flush">What writing a page and having it flushed takes, undisturbed.</param>
public sealed record StorageEvidence(string? Device, bool? Rotational, TimeSpan? Read, TimeSpan? Flush)
{
    // A disk turns 120 times a second: to flush the same page again takes a whole turn, 8 ms. Its cache may answer a
    // read at once, so a quick read alone proves nothing.
    private static readonly TimeSpan QuickRead = TimeSpan.FromMilliseconds(0.8);
    private static readonly TimeSpan QuickFlush = TimeSpan.FromMilliseconds(6);
    private static readonly TimeSpan OverNetwork = TimeSpan.FromMilliseconds(0.4);

    /// <summary>What to reckon with, and the sentence that says why.</summary>
    public (StorageType Type, string Why) Verdict => (Device, Rotational) switch
    {
        ({ } device, _) when IsNvme(device) => Read > OverNetwork
            ? (StorageType.San, $"{device} is NVMe by name, and {Times}: over a network")
            : (StorageType.Nvme, $"{device} is NVMe; {Times}"),
        ({ } device, false) => (StorageType.Ssd, $"{device} does not rotate; {Times}"),
        ({ } device, true) when Read < QuickRead && Flush < QuickFlush =>
            (StorageType.Ssd, $"{device} claims to rotate, and {Times}: quicker than a disk can turn"),
        ({ } device, true) => (StorageType.Hdd, $"{device} rotates; {Times}"),
        _ when Flush >= QuickFlush => (StorageType.Hdd, $"the device is not known; {Times}"),
        _ => (StorageType.Ssd, $"the device is not known; {Times}"),
    };

    private string Times => $"a page is read in {Text(Read)} and flushed in {Text(Flush)}";

    private static bool IsNvme(string device) => device.StartsWith("nvme", StringComparison.Ordinal);

    private static string Text(TimeSpan? time) => time is { } known
        ? known.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture) + " ms"
        : "an unknown time";
}

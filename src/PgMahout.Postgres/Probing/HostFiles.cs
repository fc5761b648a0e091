using System.Globalization;
using System.Text.RegularExpressions;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Probing;

/// <summary>What the kernel's files say about this machine.</summary>
/// <param name="read">The text of a file; null when there is none.</param>
public sealed partial class HostFiles(Func<string, string?> read)
{
    private const string DoesNotSay = "/proc/meminfo does not say";

    private readonly ControlGroup _limits = new(read);

    public (ByteSize? Memory, Looked Looked) Memory()
    {
        var host = MemoryLine("MemTotal");
        if (_limits.Memory is { } limit && !(limit > host))
            return (limit, new Looked("memory", limit.ToString(), $"the control group's limit; the host has {host}"));
        return host is null
            ? (null, new Looked("memory", null, DoesNotSay))
            : (host, new Looked("memory", host.ToString(), "MemTotal; no lower limit of a control group"));
    }

    /// <param name="usable">Those that this process may run on.</param>
    public (int Processors, Looked Looked) Processors(int usable)
    {
        if (_limits.Processors is { } quota && quota < usable)
        {
            var whole = Math.Max(1, (int)Math.Ceiling(quota - 0.01));
            var text = quota.ToString("0.##", CultureInfo.InvariantCulture);
            return (whole, new Looked("processors", $"{whole}", $"the control group's quota is {text} of {usable}"));
        }
        return (usable, new Looked("processors", $"{usable}", "those this process may run on; no lower quota"));
    }

    public (HugePages? Pages, Looked Looked) Pages()
    {
        if (MemoryLine("Hugepagesize") is not { Bytes: > 0 } size)
            return (null, new Looked("huge pages", null, DoesNotSay));
        var pages = new HugePages(
            size, Count("HugePages_Total") ?? 0, Count("HugePages_Free") ?? 0, _limits.HugePages(size));
        var limit = pages.Limit is { } bound ? $"; the control group allows {bound}" : "";
        return (pages, new Looked(
            "huge pages", $"{pages.Free} of {pages.Total} free", $"{size} each; transparent: {Transparent()}{limit}"));
    }

    /// <summary>The disk under a directory, and whether the kernel says that it rotates.</summary>
    /// <param name="device">Major and minor number, such as <c>8:1</c>; null when the file system has none.</param>
    /// <param name="resolve">Where a symbolic link of /sys leads; null when there is none.</param>
    public (string? Name, bool? Rotational) Disk(string? device, Func<string, string?> resolve)
    {
        if (device is null || resolve($"/sys/dev/block/{device}") is not { } place)
            return (null, null);
        var disk = read($"{place}/queue/rotational") is null ? Path.GetDirectoryName(place)! : place;
        bool? rotational = read($"{disk}/queue/rotational")?.Trim() switch { "1" => true, "0" => false, _ => null };
        return (Path.GetFileName(disk), rotational);
    }

    private string Transparent() =>
        Chosen().Match(read("/sys/kernel/mm/transparent_hugepage/enabled") ?? "") is { Success: true } match
            ? match.Groups[1].Value
            : "not known";

    private ByteSize? MemoryLine(string name) => Count(name) is { } kilobytes ? ByteSize.Kilobytes(kilobytes) : null;

    private long? Count(string name)
    {
        var line = (read("/proc/meminfo") ?? "").Split('\n')
            .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        var digits = line?[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.TryParse(digits, CultureInfo.InvariantCulture, out var count) ? count : null;
    }

    [GeneratedRegex(@"\[(\w+)\]")]
    private static partial Regex Chosen();
}

using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Probing;

/// <summary>
/// The limits of this process's control group, of version 1 or 2: the lowest on the way from its own group up, because
/// every level counts.
/// </summary>
/// <param name="read">The text of a file; null when there is none.</param>
public sealed class ControlGroup(Func<string, string?> read)
{
    private const string Root = "/sys/fs/cgroup";

    // Version 1 has no word for "no limit": it shows the largest number of whole pages.
    private const long Unlimited = 1L << 60;

    private readonly (string Controllers, string Path)[] _groups =
    [
        .. (read("/proc/self/cgroup") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 3))
            .Where(fields => fields.Length == 3)
            .Select(fields => (fields[1], fields[2])),
    ];

    /// <summary>Null when there is no limit.</summary>
    public ByteSize? Memory => Lowest("memory", "memory.max", "memory.limit_in_bytes");

    /// <summary>Of huge pages of this size; null when there is no limit.</summary>
    public ByteSize? HugePages(ByteSize page)
    {
        var name = page < ByteSize.Gigabytes(1) ? $"{page.Bytes >> 20}MB" : $"{page.Bytes >> 30}GB";
        return Lowest("hugetlb", $"hugetlb.{name}.max", $"hugetlb.{name}.limit_in_bytes");
    }

    /// <summary>Processors' worth of time; null when there is no quota.</summary>
    public double? Processors
    {
        get
        {
            var quotas = Directories("").Select(directory => Quota(read(directory + "/cpu.max")))
                .Concat(Directories("cpu").Select(directory => Quota(
                    $"{read(directory + "/cpu.cfs_quota_us")} {read(directory + "/cpu.cfs_period_us")}")));
            return quotas.Min();
        }
    }

    private ByteSize? Lowest(string controller, string second, string first)
    {
        var limits = Directories("").Select(directory => read($"{directory}/{second}"))
            .Concat(Directories(controller).Select(directory => read($"{directory}/{first}")))
            .Select(text => long.TryParse(text, CultureInfo.InvariantCulture, out var bytes) ? bytes : Unlimited)
            .DefaultIfEmpty(Unlimited);
        return limits.Min() is var lowest and < Unlimited ? new ByteSize(lowest) : null;
    }

    /// <summary>From the process's own group to the root; a container often sees only the root.</summary>
    /// <param name="controller">Of version 1; empty for version 2.</param>
    private IEnumerable<string> Directories(string controller)
    {
        var top = controller.Length == 0 ? Root : $"{Root}/{controller}";
        var own = _groups.FirstOrDefault(group => group.Controllers.Split(',').Contains(controller)).Path ?? "/";
        for (var at = own.TrimEnd('/'); at.Length > 0; at = at[..at.LastIndexOf('/')])
            yield return top + at;
        yield return top;
    }

    private static double? Quota(string? text)
    {
        var fields = (text ?? "").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 2
            && long.TryParse(fields[0], CultureInfo.InvariantCulture, out var quota) && quota > 0
            && long.TryParse(fields[1], CultureInfo.InvariantCulture, out var period) && period > 0
                ? (double)quota / period
                : null;
    }
}

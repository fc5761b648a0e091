using System.Globalization;
using Npgsql;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;

namespace PgMahout.Postgres.Validation;

/// <summary>
/// Whether the host has the huge pages that a configuration insists on. The trial server takes none, because the
/// running one may have them; so they are counted.
/// </summary>
internal static class HugePages
{
    private const string Setting = "huge_pages";

    /// <summary>In the words in which the server itself would say so; null when there are enough.</summary>
    /// <param name="connection">To the trial server.</param>
    public static async Task<string?> WhyNotAsync(
        NpgsqlConnection connection, InstanceSettings trial, CancellationToken cancellation)
    {
        // Version 14 does not say how many it needs; its members are tried as they are.
        if (ConfigurationPreview.Chosen(trial).GetValueOrDefault(Setting) != "on" || trial.Binaries.Major < 15)
            return null;
        var text = await connection.ScalarAsync<string>(
            "SELECT current_setting('shared_memory_size_in_huge_pages')", cancellation);
        if (!long.TryParse(text, CultureInfo.InvariantCulture, out var each) || each < 0)
            return "FATAL:  huge pages not supported on this platform, and huge_pages = on insists on them";
        var needed = each * (trial.Others.Count(member => member.Host == trial.Host) + 1);
        var there = Total(await File.ReadAllLinesAsync("/proc/meminfo", cancellation));
        return there >= needed
            ? null
            : "FATAL:  could not map anonymous shared memory: "
                + $"huge_pages = on needs {needed} huge pages for the members on this host, and it has {there}"
                + " (sysctl vm.nr_hugepages)";
    }

    internal static long Total(IEnumerable<string> meminfo) =>
        meminfo.FirstOrDefault(line => line.StartsWith("HugePages_Total:", StringComparison.Ordinal)) is { } line
        && long.TryParse(
            line.Split(':')[1], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var total)
            ? total
            : 0;
}

using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Installation;

namespace PgMahout.Core.Deployment;

/// <summary>Reads what <see cref="SurveyScript"/> prints.</summary>
public static class SurveyText
{
    /// <param name="clock">
    /// The operator's, in seconds since 1970, half-way between sending the script and its first word.
    /// </param>
    /// <returns>Null when it did not come to its end.</returns>
    public static HostSurvey? Parse(string printed, double clock)
    {
        var lines = printed.Split('\n')
            .Select(line => line.Split('\t', 2))
            .Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        if (!lines.Contains("end"))
            return null;
        return new HostSurvey
        {
            Platform = Platform.Read(
                string.Join('\n', lines["os"]), [.. lines["manager"]], One(lines["architecture"]),
                lines.Contains("systemd")),
            IsRoot = One(lines["uid"]) == "0",
            MachineId = One(lines["machine"]),
            Addresses = [.. lines["address"].Select(line => line.Split(' ')[^1])],
            Interfaces = [.. lines["address"].Select(line => line.Split(' ')[0].Split('@')[0]).Distinct()],
            ClockAhead = TimeSpan.FromSeconds(Number(One(lines["time"])) - clock),
            Listeners = Listeners(lines["listener"]),
            HasAccount = lines.Contains("account"),
            Postgres = [.. lines["postgres"].Select(line => (int)Number(line)).Where(major => major > 0).Order()],
            HasEtcd = lines.Contains("etcd"),
            HasEtcdData = lines.Contains("voter"),
            Program = lines["current"].FirstOrDefault(),
            Programs = [.. lines["program"].Where(name => name != "current")],
            Runtimes = [.. lines["runtime"].Distinct()],
            HomeEntries = lines.Contains("home") ? [.. lines["entry"]] : null,
            HostFile = string.Join('\n', lines["host"]),
            DataDirectories = [.. lines["data"]],
            Digests = Digests(lines["digest"]),
            ActiveUnits = [.. lines["active"]],
            EnabledUnits = [.. lines["enabled"]],
            OutdatedUnits = [.. lines["outdated"]],
            Firewall = FirewallOf(lines["firewall"].FirstOrDefault()),
            FreeBytes = (long)Number(One(lines["free"])) * 1024,
        };
    }

    private static HostFirewall FirewallOf(string? word) => word switch
    {
        "ufw" => HostFirewall.Ufw,
        "firewalld" => HostFirewall.Firewalld,
        "nftables" => HostFirewall.Nftables,
        var _ => HostFirewall.None,
    };

    /// <summary>Lines such as <c>[::]:5432 users:(("postgres",pid=812,fd=6))</c>.</summary>
    private static ImmutableSortedDictionary<int, string> Listeners(IEnumerable<string> lines)
    {
        var listeners = ImmutableSortedDictionary.CreateBuilder<int, string>();
        foreach (var line in lines)
        {
            var parts = line.Split(' ', 2);
            var port = (int)Number(parts[0][(parts[0].LastIndexOf(':') + 1)..]);
            var quoted = parts.Length > 1 ? parts[1].Split('"') : [];
            if (port > 0)
                listeners[port] = quoted.Length > 1 ? quoted[1] : "";
        }
        return listeners.ToImmutable();
    }

    /// <summary>Lines of sha256sum: 64 digits, a blank, a mark, the path.</summary>
    private static ImmutableSortedDictionary<string, string> Digests(IEnumerable<string> lines)
    {
        const int Hexadecimal = 64;
        var digests = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Where(line => line.Length > Hexadecimal + 2))
            digests[line[(Hexadecimal + 2)..]] = line[..Hexadecimal];
        return digests.ToImmutable();
    }

    private static string One(IEnumerable<string> values) => values.FirstOrDefault() ?? "";

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}

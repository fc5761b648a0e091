using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Errors;
using PgMahout.Proxying;

namespace PgMahout.Starting;

/// <summary>Who listens on which TCP port of this machine, by the kernel's own tables.</summary>
/// <param name="Inodes">The listening socket of each port that is taken.</param>
public sealed record ListeningPorts(ImmutableSortedDictionary<int, long> Inodes)
{
    private const string Listening = "0A";
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    private const int LowestSuggested = 1024;
    private const int HighestPort = 65535;

    public static ListeningPorts Read() => Parse(
        Tables.Where(File.Exists).SelectMany(File.ReadLines));

    /// <param name="lines">Of /proc/net/tcp and tcp6: headings and sockets in other states are passed over.</param>
    public static ListeningPorts Parse(IEnumerable<string> lines)
    {
        var ports = ImmutableSortedDictionary.CreateBuilder<int, long>();
        foreach (var line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 10 || fields[3] != Listening)
                continue;
            var local = fields[1];
            var port = int.Parse(
                local.AsSpan(local.LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            ports[port] = long.Parse(fields[9], CultureInfo.InvariantCulture);
        }
        return new ListeningPorts(ports.ToImmutable());
    }

    public bool IsTaken(int port) => Inodes.ContainsKey(port);

    /// <summary>
    /// The first of <paramref name="count"/> free ports in a row, near <paramref name="wanted"/>; null if none.
    /// </summary>
    public int? FreeRange(int wanted, int count)
    {
        var tries = Enumerable.Range(1, 20).Select(step => wanted + step * 10)
            .Concat(Enumerable.Range(0, 400).Select(step => 20000 + step * 100));
        return tries
            .Where(first => first >= LowestSuggested && first + count - 1 <= HighestPort)
            .Where(first => Enumerable.Range(first, count).All(port => !IsTaken(port)))
            .Select(first => (int?)first)
            .FirstOrDefault();
    }

    /// <summary>Why a proxy cannot listen; null when it can, or there is none.</summary>
    public Failure? WhyNotFree(ProxySettings? proxy)
    {
        foreach (var (_, port) in ProxyAddresses.Of(proxy))
        {
            if (port > HighestPort)
                return new Failure(ErrorCatalogue.Usage, $"port {port}, which the proxy would need, does not exist")
                    .Try("pgmahout up --proxy-port PORT");
            if (!IsTaken(port))
                continue;
            var failure = new Failure(ErrorCatalogue.PortTaken, $"port {port}, which the proxy needs, is taken")
                .Because(WhoOn(port));
            return FreeRange(proxy!.WritePort, 2) is { } free
                ? failure.Try($"pgmahout up --proxy-port {free}", "pgmahout up --no-proxy")
                : failure.Try("pgmahout up --no-proxy");
        }
        return null;
    }

    /// <summary>Why these members cannot listen; null when they can.</summary>
    public Failure? WhyNotFree(IReadOnlyCollection<MemberSpec> members, int firstPort, int count)
    {
        if (members.FirstOrDefault(member => IsTaken(member.Port)) is not { } member)
            return null;
        var failure = new Failure(
                ErrorCatalogue.PortTaken, $"port {member.Port}, which {member.Name} needs, is taken")
            .Because(WhoOn(member.Port));
        return FreeRange(firstPort, count) is { } free ? failure.Try($"pgmahout up --port {free}") : failure;
    }

    private string WhoOn(int port) => PortOwner.Of(Inodes[port]) is { } owner
        ? $"{owner} listens on it"
        : "another process, which this user may not see, listens on it";
}

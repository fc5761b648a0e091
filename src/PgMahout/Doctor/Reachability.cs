using System.Net.Sockets;
using PgMahout.Core.Diagnosis;

namespace PgMahout.Doctor;

/// <summary>
/// Whether a connection can be opened. All members are on this machine, so that from here is from every member.
/// </summary>
internal static class Reachability
{
    private const string UfwSettings = "/etc/ufw/ufw.conf";
    private static readonly string[] ProgramPlaces = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.5);

    public static async Task<CheckResult> TryAsync(Patient patient, CancellationToken cancellation)
    {
        if (patient.Port is not { } port || patient.Host.Length == 0 || patient.Host.StartsWith('/'))
            return Found(patient, CheckVerdict.Unknown, "its address is not known");
        var place = $"{patient.Host}:{port}";
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(patient.Host, port, cancellation).AsTask().WaitAsync(Limit, cancellation);
            return Found(patient, CheckVerdict.Ok, $"{place} is reached");
        }
        catch (TimeoutException)
        {
            return Found(patient, CheckVerdict.Broken, $"{place} is silent: a firewall or a route drops the packets")
                .Try(Opening(port));
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Found(patient, CheckVerdict.Broken, $"{place} refuses: nothing listens there")
                .Try(patient.IsManaged ? "pgmahout status" : "systemctl start postgresql");
        }
        catch (SocketException failed)
        {
            return Found(patient, CheckVerdict.Broken, $"{place} is not reached: {failed.Message}").Try(Opening(port));
        }
    }

    /// <summary>
    /// How the firewall that is active is opened; where neither firewalld nor ufw is, the kernel's own.
    /// </summary>
    private static string Opening(int port)
    {
        // firewalld makes this directory when it starts.
        if (Directory.Exists("/run/firewalld"))
            return $"firewall-cmd --permanent --add-port={port}/tcp && firewall-cmd --reload";
        if (File.Exists(UfwSettings) && File.ReadLines(UfwSettings).Any(line => line.Trim() == "ENABLED=yes"))
            return $"ufw allow proto tcp from NETWORK to any port {port}";
        return IsThere("nft")
            ? $"nft insert rule inet filter input tcp dport {port} accept    (nft list ruleset shows the chains)"
            : $"iptables -I INPUT -p tcp --dport {port} -j ACCEPT";
    }

    private static bool IsThere(string program) =>
        ProgramPlaces.Any(place => File.Exists(Path.Combine(place, program)));

    private static CheckResult Found(Patient patient, CheckVerdict verdict, string text) =>
        new(CheckKind.Reachability, patient.Name, verdict, text);
}

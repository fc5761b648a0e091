using System.Globalization;
using PgMahout.Core.Addressing;

namespace PgMahout.Agent.Addressing;

/// <summary>An interface of this host, by its number and its hardware address.</summary>
public sealed record NetworkCard(string Name, int Index, HardwareAddress Hardware)
{
    /// <summary>Null, when there is none of that name now.</summary>
    public static NetworkCard? Find(string name)
    {
        try
        {
            var directory = Path.Combine("/sys/class/net", Path.GetFileName(name));
            var index = int.Parse(
                File.ReadAllText(Path.Combine(directory, "ifindex")).Trim(), CultureInfo.InvariantCulture);
            return HardwareAddress.Parse(File.ReadAllText(Path.Combine(directory, "address"))) is { } hardware
                ? new NetworkCard(name, index, hardware)
                : null;
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PgMahout.Agent.Addressing;
using PgMahout.Core.Addressing;
using Xunit;

namespace PgMahout.InstanceTests.Addressing;

/// <summary>
/// A network of its own with one card, and a second one at the other end of its line. Sockets that are opened within it
/// stay there. The test is skipped where networks cannot be made.
/// </summary>
internal sealed unsafe partial class NetworkNamespace : IDisposable
{
    public const string CardName = "card";
    private const int OfNetwork = 0x40000000;

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    public NetworkCard Card { get; private set; } = null!;

    /// <summary>10.9.0.1 and fd09::1, and 10.9.0.2 and fd09::2, joined by a line.</summary>
    public static (NetworkNamespace One, NetworkNamespace Other) Pair()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("networks are made by root only");
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
        var pair = (One: new NetworkNamespace($"pgmt-{id}-1"), Other: new NetworkNamespace($"pgmt-{id}-2"));
        try
        {
            Ip($"netns add {pair.One.Name}");
            Ip($"netns add {pair.Other.Name}");
            Ip($"-n {pair.One.Name} link add {CardName} type veth peer name {CardName} netns {pair.Other.Name}");
            pair.One.Raise(1);
            pair.Other.Raise(2);
            return pair;
        }
        catch
        {
            pair.One.Dispose();
            pair.Other.Dispose();
            throw;
        }
    }

    /// <summary>What <c>ip</c> prints of this network.</summary>
    public string Show(string arguments) => Ip($"-n {Name} {arguments}");

    /// <summary>On a thread that is in this network.</summary>
    public T Within<T>(Func<T> work)
    {
        T result = default!;
        Exception? broken = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                result = work();
            }
            catch (Exception failure)
            {
                broken = failure;
            }
        });
        thread.Start();
        thread.Join();
        return broken is null ? result : throw new InvalidOperationException(broken.Message, broken);
    }

    public void Dispose()
    {
        using var process = Process.Start(new ProcessStartInfo("ip", $"netns delete {Name}")
        {
            RedirectStandardError = true,
        })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
    }

    private void Raise(int number)
    {
        // Without the kernel's own detection of duplicates, which would keep the card waiting.
        Ip($"-n {Name} address add 10.9.0.{number}/24 dev {CardName}");
        Ip($"-n {Name} address add fd09::{number}/64 dev {CardName} nodad");
        Ip($"-n {Name} link set {CardName} up");
        Ip($"-n {Name} link set lo up");
        var words = Show($"-o link show {CardName}").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var hardware = HardwareAddress.Parse(words[Array.IndexOf(words, "link/ether") + 1])!.Value;
        Card = new NetworkCard(
            CardName, int.Parse(words[0].TrimEnd(':'), CultureInfo.InvariantCulture), hardware);
    }

    private void Enter()
    {
        using var file = File.OpenHandle($"/run/netns/{Name}");
        if (setns((int)file.DangerousGetHandle(), OfNetwork) != 0)
            throw new IOException($"{Name}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static string Ip(string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, complaint) = (process.StandardOutput.ReadToEnd(), process.StandardError.ReadToEnd());
        process.WaitForExit();
        return process.ExitCode == 0 ? said : throw new IOException($"ip {arguments}: {complaint}");
    }

#pragma warning disable CA5392, SYSLIB1054, IDE1006 // the C library's own name
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int descriptor, int kind);
#pragma warning restore CA5392, SYSLIB1054, IDE1006
}

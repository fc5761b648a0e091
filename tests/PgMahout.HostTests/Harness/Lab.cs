using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>Hosts of its own for a test. Disposing of it removes them, whatever the test did to them.</summary>
internal sealed class Lab : IAsyncDisposable
{
    /// <summary>Generous: the machine may be building something else on both of its cores.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly string[] Tools = ["systemd-nspawn", "nft", "mmdebstrap", "ip", "nsenter"];
    private static readonly string Command =
        Path.Combine(Path.GetDirectoryName(Program.Artifacts)!, "tests", "hosts", "lab");

    /// <summary>The private key that opens root of every host.</summary>
    public static string Identity => $"{Store}/ssh/id_ed25519";

    private static string Store => Environment.GetEnvironmentVariable("PGMAHOUT_LAB") ?? "/var/cache/pgmahout-lab";

    private readonly ImmutableDictionary<string, string> _addresses;

    private Lab(string name, IEnumerable<(string Host, string Address)> hosts)
    {
        Name = name;
        _addresses = hosts.ToImmutableDictionary(one => one.Host, one => one.Address);
    }

    public string Name { get; }

    /// <summary>The keys of these hosts, which have addresses that others had before.</summary>
    public string KnownHosts => $"{Store}/labs/{Name}/known_hosts";

    public IEnumerable<string> Hosts => _addresses.Keys.Order(StringComparer.Ordinal);

    public string Address(string host) => _addresses[host];

    /// <summary>The first three numbers of every address; the machine that the tests run on has the fourth 1.</summary>
    public string Network => Address("db1")[..Address("db1").LastIndexOf('.')];

    /// <summary>The same for IPv6, without the last two colons.</summary>
    public string Network6 => "fd70:6c61:6200:" + Network[(Network.LastIndexOf('.') + 1)..];

    /// <summary>What every host's line is joined to, on this machine.</summary>
    public string Bridge => "pgml-" + Network[(Network.LastIndexOf('.') + 1)..];

    /// <summary>db1 to dbN, each of which answers. The test is skipped where hosts cannot be made.</summary>
    public static async Task<Lab> UpAsync(int hosts, params string[] options)
    {
        if (WhyNot() is { } reason)
            Assert.Skip(reason);
        var name = "t" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
        try
        {
            var up = (await RunAsync(["up", name, hosts.ToString(Invariant), .. options])).Exits(0);
            return new Lab(name, up.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ')).Select(words => (words[0].Split('/')[1], words[1])));
        }
        catch
        {
            await RunAsync(["down", name]);
            throw;
        }
    }

    /// <summary>With the program that was built last, and .NET.</summary>
    public static Task<Lab> UpWithProgramAsync(int hosts, params string[] options)
    {
        var program = new FileInfo(Program.Path).Directory!;
        var built = program.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? program.FullName;
        return UpAsync(hosts, ["--dotnet", "--bind", $"{built}:/opt/pgmahout/current", .. options]);
    }

    /// <summary>As root in the host, not over the network.</summary>
    public Task<Ran> ExecAsync(string host, params string[] command) =>
        ExecWithinAsync(Limit, host, command);

    /// <summary>The same, for what takes longer.</summary>
    public Task<Ran> ExecWithinAsync(TimeSpan limit, string host, params string[] command) =>
        Program.RunAsync(Command, ["exec", $"{Name}/{host}", .. command], limit);

    /// <summary>A line of shell; the test fails when it does.</summary>
    public async Task<string> ShellAsync(string host, string script) =>
        (await ExecAsync(host, "bash", "-c", script)).Exits(0).Out.Trim();

    public Task<Ran> SshAsync(string host, params string[] command) =>
        RunAsync(["ssh", $"{Name}/{host}", .. command]);

    /// <summary>Such as <c>power-off db1</c> or <c>cut db1 to db2</c>.</summary>
    public async Task DoAsync(string verb, string host, params string[] arguments) =>
        (await RunAsync([verb, $"{Name}/{host}", .. arguments])).Exits(0);

    /// <summary>The same, where it may fail.</summary>
    public Task<Ran> TryAsync(string verb, string host, params string[] arguments) =>
        RunAsync([verb, $"{Name}/{host}", .. arguments]);

    public async Task HealAsync() => (await RunAsync(["heal", Name])).Exits(0);

    /// <summary>on, off, frozen, or changing between them.</summary>
    public async Task<string> StateAsync(string host) => (await StatesAsync()).Single(one => one.Host == host).State;

    public async Task<ImmutableArray<(string Host, string State)>> StatesAsync() =>
    [
        .. (await RunAsync(["hosts", Name])).Exits(0).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')).Select(words => (words[0].Split('/')[1], words[2])),
    ];

    public async Task WriteAsync(string host, string path, string text)
    {
        var start = new ProcessStartInfo(Command, ["exec", $"{Name}/{host}", "tee", path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>Runs beside the test; killed with the host, or by the test.</summary>
    public Process Launch(string host, string script) =>
        Program.Start(Command, ["exec", $"{Name}/{host}", "bash", "-c", script]);

    public async ValueTask DisposeAsync() => (await RunAsync(["down", Name])).Exits(0);

    private static IFormatProvider Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private static Task<Ran> RunAsync(IReadOnlyList<string> arguments) =>
        Program.RunAsync(Command, arguments, Limit);

    private static string? WhyNot()
    {
        if (!Environment.IsPrivilegedProcess)
            return "whole hosts are made by root only: sudo ./test hosts";
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var missing = Tools.Where(tool => !directories.Any(one => File.Exists(Path.Combine(one, tool)))).ToArray();
        return missing.Length == 0 ? null : $"not found: {string.Join(", ", missing)}; ./test hosts installs them";
    }
}

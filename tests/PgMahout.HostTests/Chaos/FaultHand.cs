using System.Globalization;
using PgMahout.Core.Deployment;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Chaos;

/// <summary>What was done, to whom, and when; times as in the history.</summary>
internal sealed record DoneFault(FaultKind Kind, Place Place, string Host, TimeSpan Began, TimeSpan Ended)
{
    /// <summary>What did not work, such as a kill on a host that was off.</summary>
    public string Said { get; init; } = "";
}

/// <summary>Does faults to the hosts of a cluster, and takes them back.</summary>
internal sealed class FaultHand(DeployedCluster cluster, int repositoryPort, Func<TimeSpan> now) : IDisposable
{
    private const string MemberPorts = "5432,7432";
    private const string EtcdPorts = "2379,2380";

    // A kill of the processes that a unit or PostgreSQL says are its own; what they were is remembered for the thaw.
    private const string Pids = """
        unit() { systemctl show --value -p MainPID "$1" | grep -vx 0; }
        postmaster() { head -n 1 /var/lib/pgmahout/members/$(hostname)/data/postmaster.pid; }
        guard() { ps -o ppid= -p "$(postmaster)" | tr -d ' ' | grep -vx 1; }
        server() { postmaster; pgrep -P "$(postmaster)"; }
        """;

    private const string Thaw = "for pid in $(cat /run/stopped 2> /dev/null); do kill -CONT $pid 2> /dev/null; done; "
        + "rm -f /run/stopped";

    // Two changes of one lab's lines at once would lose one.
    private readonly SemaphoreSlim _lines = new(1);
    private string _primary = cluster.Data[0];

    private Lab Lab => cluster.Lab;

    public async Task<DoneFault> DoAsync(Fault fault)
    {
        var host = await HostAsync(fault.Place);
        var began = now();
        var said = await BeginAsync(fault.Kind, host);
        await Task.Delay(fault.Lasts);
        said += await EndAsync(fault.Kind, host);
        return new DoneFault(fault.Kind, fault.Place, host, began, now()) { Said = said };
    }

    /// <summary>Everything is as it should be but for what the cluster has to put right itself.</summary>
    public async Task HealAsync()
    {
        await Lab.HealAsync();
        foreach (var line in await Lab.StatesAsync())
        {
            if (line.State == "frozen")
                await Lab.DoAsync("thaw", line.Host);
            if (line.State is "off" or "changing")
                await PowerOnAsync(line.Host);
            await Lab.TryAsync("disk", line.Host, "free");
            await Lab.TryAsync("disk", line.Host, "empty");
            await Lab.TryAsync("exec", line.Host, "bash", "-c", Thaw);
        }
    }

    public void Dispose() => _lines.Dispose();

    private async Task<string> HostAsync(Place place)
    {
        if (await cluster.PrimaryAsync() is { } primary)
            _primary = primary;
        return place switch
        {
            Place.Primary => _primary,
            Place.Standby => cluster.Data.First(host => host != _primary),
            Place.EtcdLeader => await cluster.EtcdLeaderAsync() ?? _primary,
            Place.Last => Lab.Hosts.Last(),
        };
    }

    private Task<string> BeginAsync(FaultKind kind, string host) => kind switch
    {
        FaultKind.PowerLoss => PowerOffAsync(host),
        FaultKind.PowerLossOfTwo => PowerOffAsync(host, Other(host)),
        FaultKind.PowerLossOfAll => PowerOffAsync([.. Lab.Hosts]),
        FaultKind.Shutdown => ShutdownAsync(host),
        FaultKind.FreezeHost => LabAsync("freeze", host),
        FaultKind.KillPostmaster => SignalAsync(host, "KILL", "postmaster"),
        FaultKind.KillServer => SignalAsync(host, "KILL", "server"),
        FaultKind.KillGuard => SignalAsync(host, "KILL", "guard"),
        FaultKind.KillAgent => SignalAsync(host, "KILL", Unit(SystemdUnits.Agent)),
        FaultKind.KillAllOfMember =>
            SignalAsync(host, "KILL", $"{{ {Unit(SystemdUnits.Agent)}; guard; server; }}"),
        FaultKind.KillEtcd => SignalAsync(host, "KILL", Unit(SystemdUnits.Etcd)),
        FaultKind.KillProxy => SignalAsync(host, "KILL", Unit(SystemdUnits.Proxy)),
        FaultKind.RestartAgent => ExecAsync(host, $"systemctl restart --no-block {SystemdUnits.Agent}"),
        FaultKind.RestartProxy => ExecAsync(host, $"systemctl restart --no-block {SystemdUnits.Proxy}"),
        FaultKind.FreezePostmaster => SignalAsync(host, "STOP", "postmaster"),
        FaultKind.FreezeServer => SignalAsync(host, "STOP", "server"),
        FaultKind.FreezeGuard => SignalAsync(host, "STOP", "guard"),
        FaultKind.FreezeAgent => SignalAsync(host, "STOP", Unit(SystemdUnits.Agent)),
        FaultKind.FreezeEtcd => SignalAsync(host, "STOP", Unit(SystemdUnits.Etcd)),
        FaultKind.FreezeProxy => SignalAsync(host, "STOP", Unit(SystemdUnits.Proxy)),
        FaultKind.CutFromEverybody => LineAsync("cut", host),
        FaultKind.CutFromHosts => FromOthersAsync(host, other => LineAsync("cut", host, "from", other)),
        FaultKind.CutOneWayOut => FromOthersAsync(host, other => LineAsync("cut", host, "to", other)),
        FaultKind.CutOneWayIn => FromOthersAsync(host, other => LineAsync("cut", other, "to", host)),
        FaultKind.CutFromEtcd =>
            FromOthersAsync(host, other => LineAsync("cut", host, "from", other, "port", EtcdPorts)),
        FaultKind.CutFromMembers =>
            FromOthersAsync(host, other => LineAsync("cut", host, "from", other, "port", MemberPorts)),
        FaultKind.SlowLine => LineAsync("slow", host, "2mbit"),
        FaultKind.LosePackets => LineAsync("lose", host, "15"),
        FaultKind.FillDisk => LabAsync("disk", host, "fill"),
        FaultKind.StickDisk => LabAsync("disk", host, "stick"),
        FaultKind.Switchover => SwitchoverAsync(),
        FaultKind.SwitchoverAndPowerLoss => BothAsync(SwitchoverAsync(), PowerOffAsync(host)),
        FaultKind.RestartAgentInFailover => BothAsync(
            SignalAsync(_primary, "KILL", "postmaster"),
            ExecAsync(Other(_primary), $"systemctl restart --no-block {SystemdUnits.Agent}")),
        // Whichever of them archives.
        FaultKind.KillArchivers => OnDataAsync(data => SignalAsync(data, "KILL", Unit(SystemdUnits.Archiver))),
        FaultKind.FreezeArchivers => OnDataAsync(data => SignalAsync(data, "STOP", Unit(SystemdUnits.Archiver))),
        FaultKind.CutFromRepository => OnDataAsync(data => LineAsync(
            "cut", data, "from", "machine", "port", repositoryPort.ToString(CultureInfo.InvariantCulture))),
    };

    private Task<string> EndAsync(FaultKind kind, string host) => kind switch
    {
        FaultKind.PowerLoss or FaultKind.PowerLossOfTwo or FaultKind.PowerLossOfAll or FaultKind.Shutdown
            or FaultKind.SwitchoverAndPowerLoss => PowerOnAsync(),
        FaultKind.FreezeHost => LabAsync("thaw", host),
        FaultKind.FreezePostmaster or FaultKind.FreezeServer or FaultKind.FreezeGuard or FaultKind.FreezeAgent
            or FaultKind.FreezeEtcd or FaultKind.FreezeProxy => ExecAsync(host, Thaw),
        FaultKind.FreezeArchivers => OnDataAsync(data => ExecAsync(data, Thaw)),
        FaultKind.CutFromRepository => OnDataAsync(data => LineAsync("heal", data)),
        FaultKind.CutFromEverybody or FaultKind.CutFromHosts or FaultKind.CutOneWayOut or FaultKind.CutOneWayIn
            or FaultKind.CutFromEtcd or FaultKind.CutFromMembers or FaultKind.SlowLine
            or FaultKind.LosePackets => LineAsync("heal", host),
        FaultKind.FillDisk => LabAsync("disk", host, "empty"),
        FaultKind.StickDisk => LabAsync("disk", host, "free"),
        FaultKind.KillPostmaster or FaultKind.KillServer or FaultKind.KillGuard or FaultKind.KillAgent
            or FaultKind.KillAllOfMember or FaultKind.KillEtcd or FaultKind.KillProxy or FaultKind.RestartAgent
            or FaultKind.RestartProxy or FaultKind.Switchover or FaultKind.KillArchivers
            or FaultKind.RestartAgentInFailover => Task.FromResult(""),
    };

    private async Task<string> OnDataAsync(Func<string, Task<string>> what) =>
        string.Concat(await Task.WhenAll(cluster.Data.Select(what)));

    private string Other(string host) => cluster.Data.First(other => other != host);

    private async Task<string> SwitchoverAsync()
    {
        var to = Other(_primary);
        var ran = await Lab.TryAsync("exec", _primary, "timeout", "20", "runuser", "-u", "postgres", "--",
            DeployedCluster.Program, "switchover", "--to", to, "--home", DeployedCluster.Home, "--yes");
        return ran.Code == 0 ? "" : $"switchover: {ran.Code} {FirstLine(ran.Error)}; ";
    }

    /// <summary>Ends when the host is off: one that is still going down would not be started again.</summary>
    private async Task<string> ShutdownAsync(string host)
    {
        if (await ExecAsync(host, "systemctl poweroff") is { Length: > 0 } refused)
            return refused;
        await Eventually.HoldsAsync(
            $"{host} is off", Lab.Limit, async () => await Lab.StateAsync(host) is "off" or "frozen");
        return "";
    }

    private async Task<string> PowerOffAsync(params string[] hosts) =>
        string.Concat(await Task.WhenAll(hosts.Select(host => LabAsync("power-off", host))));

    /// <summary>All that are off.</summary>
    private async Task<string> PowerOnAsync()
    {
        var off = (await Lab.StatesAsync()).Where(one => one.State is "off" or "changing");
        return string.Concat(await Task.WhenAll(off.Select(one => PowerOnAsync(one.Host))));
    }

    private async Task<string> PowerOnAsync(string host)
    {
        // A host that is going down has to be off first.
        await Eventually.HoldsAsync($"{host} is off or on", Lab.Limit, async () =>
            (await Lab.StatesAsync()).Single(one => one.Host == host).State is not "changing");
        return (await Lab.StatesAsync()).Single(one => one.Host == host).State == "off"
            ? await LabAsync("power-on", host)
            : "";
    }

    private static string Unit(string unit) => $"unit {unit}";

    private Task<string> SignalAsync(string host, string signal, string whose) => ExecAsync(
        host, $"{Pids}\npids=$({whose}) && echo $pids >> /run/stopped && kill -{signal} $pids");

    private async Task<string> FromOthersAsync(string host, Func<string, Task<string>> cut)
    {
        var said = "";
        foreach (var other in Lab.Hosts.Where(other => other != host))
            said += await cut(other);
        return said;
    }

    private async Task<string> BothAsync(Task<string> one, Task<string> other) =>
        string.Concat(await Task.WhenAll(one, other));

    private Task<string> ExecAsync(string host, string script) => LabAsync("exec", host, "bash", "-c", script);

    private async Task<string> LineAsync(string verb, string host, params string[] arguments)
    {
        await _lines.WaitAsync();
        try
        {
            return await LabAsync(verb, host, arguments);
        }
        finally
        {
            _lines.Release();
        }
    }

    private async Task<string> LabAsync(string verb, string host, params string[] arguments)
    {
        var ran = await Lab.TryAsync(verb, host, arguments);
        return ran.Code == 0 ? "" : $"{verb}: {ran.Code} {FirstLine(ran.Error)}; ";
    }

    private static string FirstLine(string text) => text.Split('\n')[0].Trim();
}

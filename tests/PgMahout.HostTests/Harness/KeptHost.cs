using System.Globalization;
using System.Text.Json;
using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;
using PgMahout.LiveTests.Harness;

namespace PgMahout.HostTests.Harness;

/// <summary>One host with a cluster of one member, kept by the units of the product instead of a supervisor.</summary>
internal sealed class KeptHost(Lab lab) : IAsyncDisposable
{
    public const string Host = "db1";
    private const string Program = "/opt/pgmahout/current/pgmahout";
    private const string Home = "/var/lib/pgmahout";

    public static readonly Timing Timing = new(TimeSpan.FromSeconds(3));

    public Lab Lab => lab;

    public string Data => $"{Home}/members/m1/data";

    public static async Task<KeptHost> UpAsync(params string[] options)
    {
        var host = new KeptHost(await Lab.UpWithProgramAsync(1, options));
        try
        {
            await host.InstallAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>As root; the test fails when it does.</summary>
    public Task<string> ShellAsync(string script) => lab.ShellAsync(Host, script);

    public async Task<int> MainPidAsync(string unit) =>
        int.Parse(await ShowAsync(unit, "MainPID"), CultureInfo.InvariantCulture);

    /// <summary>A property as systemd has it.</summary>
    public async Task<string> ShowAsync(string unit, string property) =>
        await ShellAsync($"systemctl show --value -p {property} {unit}");

    /// <summary>The first line of its file; null when there is none.</summary>
    public async Task<int?> PostmasterAsync()
    {
        var text = await ShellAsync($"head -n 1 {Data}/postmaster.pid 2> /dev/null || true");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }

    /// <summary>Of every kind that the server has.</summary>
    public async Task<int> ServerProcessesAsync() => int.Parse(
        await ShellAsync("pgrep -c -x postgres || true"), CultureInfo.InvariantCulture);

    public async Task<Status> StatusAsync()
    {
        var ran = await lab.ExecAsync(Host, "runuser", "-u", "postgres", "--", Program, "status", "-o", "json",
            "--home", Home);
        return ran.Out.Length > 0 ? Status.Parse(ran.Out) : new Status("silent", null, null, null, null, []);
    }

    /// <summary>A command line of psql.</summary>
    public static string Sql(string statement) => "env PGPASSWORD=$(cat /var/lib/pgmahout/secrets/superuser.password) "
        + $"psql -XqAtw -U postgres -h /var/lib/pgmahout/run -c \"{statement}\"";

    public Task ServesAsync() => Eventually.HoldsAsync("the member serves", Lab.Limit, async () =>
    {
        try
        {
            return await StatusAsync() is { Leader: "m1" } status && status.Primary.State == "running";
        }
        catch (JsonException)
        {
            return false;
        }
    });

    /// <summary>Lines of a unit in the journal, without anything before them.</summary>
    public Task<string> JournalAsync(string unit, params string[] options) =>
        ShellAsync($"journalctl --no-pager -o cat -u {unit} {string.Join(' ', options)}");

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    /// <summary>The home is made by the command line; then the units take over what its supervisor kept.</summary>
    private async Task InstallAsync()
    {
        await ShellAsync($"install -d -o postgres -g postgres -m 700 {Home}");
        await ShellAsync($"runuser -u postgres -- {Program} up --detach --members 1 --port 5432 --repository none "
            + $"--no-proxy --home {Home} --yes");
        await ShellAsync($"runuser -u postgres -- {Program} down --home {Home} --yes");
        var units = SystemdUnits.For(new UnitSettings(new MemberName("m1"), Timing));
        foreach (var unit in units)
            await lab.WriteAsync(Host, unit.Path, unit.Text);
        await ShellAsync($"systemd-analyze verify {string.Join(' ', units.Select(unit => unit.Path))}");
        await ShellAsync("systemctl daemon-reload");
        await ShellAsync($"systemctl enable --now {SystemdUnits.Agent} {SystemdUnits.Member}");
        await ServesAsync();
        // What was installed is there to stay: a power loss in a test takes what comes after.
        await ShellAsync("sync");
    }
}

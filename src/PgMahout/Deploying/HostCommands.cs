using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using PgMahout.Core.Deployment;
using PgMahout.Core.Installation;
using PgMahout.Installing;

namespace PgMahout.Deploying;

/// <summary>The words of the shell for each step. None holds a secret.</summary>
internal static class HostCommands
{
    /// <summary>For scripts: the first thing that fails ends them.</summary>
    public const string Strict =
        "set -eu\nexport LC_ALL=C DEBIAN_FRONTEND=noninteractive\n"
        + "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n";

    public static string Install(HostStep.Install step)
    {
        var script = new StringBuilder(Strict);
        foreach (var command in step.Commands)
            script.Append(Of(command)).Append('\n');
        return script.ToString();
    }

    /// <summary>A script that is read from standard input must not be read by the programs that it starts.</summary>
    private static string Of(InstallStep command) => command is InstallStep.Run
        ? InstallText.Of(command) + " < /dev/null"
        : InstallText.Of(command);

    /// <summary>Unpacks the tar on its standard input beside its place, and then puts it there in one step.</summary>
    public static string UnpackProgram(string version) =>
        $"set -eu; d={HostPaths.Programs}; n=$d/.{version}.new; umask 022; mkdir -p $d; rm -rf $n; mkdir $n; "
        + $"tar -xzf - --no-same-owner -C $n; chmod -R u=rwX,go=rX $n; rm -rf $d/{version}; mv -T $n $d/{version}";

    /// <summary>Versions are beside each other in there, so unpacking changes nothing that is used.</summary>
    public static string UnpackRuntime =>
        $"set -eu; umask 022; mkdir -p {HostPaths.Runtime}; tar -xzf - --no-same-owner -C {HostPaths.Runtime}; "
        + $"chmod -R u=rwX,go=rX {HostPaths.Runtime}";

    public static string Switch(string version) =>
        $"{Strict}ln -sfnT {version} {HostPaths.Programs}/.current.new\n"
        + $"mv -T {HostPaths.Programs}/.current.new {HostPaths.Current}\n"
        + $"ln -sfnT {HostPaths.Program} {HostPaths.Command}\n";

    /// <summary>Feeds what it reads to our own program, as the account that the home belongs to.</summary>
    public static string AsAccount(string arguments) =>
        $"exec setpriv --reuid={HostPaths.Account} --regid={HostPaths.Account} --init-groups -- "
        + $"env HOME={HostPaths.Home} {HostPaths.Program} {arguments}";

    public static string MakeHome =>
        $"set -eu; install -d -o {HostPaths.Account} -g {HostPaths.Account} -m 0755 {HostPaths.Home}; "
        + AsAccount($"host prepare --home {HostPaths.Home}");

    public static string Found => AsAccount($"host found --home {HostPaths.Home}");

    public static string Voters => AsAccount($"host voters --home {HostPaths.Home}");

    /// <summary>What a member of etcd knew that is none any more; whoever looks for it finds it.</summary>
    public static string PutEtcdAside =>
        $"{Strict}cd {EtcdSettingsText.DataDirectory}\n"
        + "[ ! -e member ] || { rm -rf member.former; mv member member.former; }\n";

    public static string Repository => AsAccount($"host repository --home {HostPaths.Home}");

    public static string WriteTwin => AsAccount($"host twin --home {HostPaths.Home}");

    public static string Pair => AsAccount($"host pair --home {HostPaths.Home}");

    public static string Status => AsAccount($"status --home {HostPaths.Home} -o json");

    /// <summary>
    /// Switches, and starts our processes anew but etcd, which is not ours. Fails when that changed PostgreSQL's pid.
    /// </summary>
    public static string Upgrade(HostBlueprint host, string version) =>
        Switch(version)
        + "sync\n"
        + SparingPostgres(
            host,
            $"for unit in {SystemdUnits.Agent} {SystemdUnits.Proxy}; do systemctl try-restart \"$unit\"; done\n"
            // The one that keeps the address leaves it to the next.
            + $"systemctl try-reload-or-restart {SystemdUnits.Address} 2> /dev/null || true\n"
            // One without a repository ends at once, which systemd takes for a failure.
            + $"systemctl try-restart --no-block {SystemdUnits.Archiver} || true\n")
        + $"echo \"runs {version}${{before:+, PostgreSQL is still $before}}\"\n";

    /// <summary>Has a process of ours read its home's settings. Fails when that changed PostgreSQL's pid.</summary>
    public static string Renew(HostBlueprint host, string unit) =>
        Strict + SparingPostgres(host, $"systemctl try-restart {unit}\n");

    private static string SparingPostgres(HostBlueprint host, string commands)
    {
        var file = $"{HostPaths.Home}/members/{host.Name}/data/postmaster.pid";
        return $"before=$(head -n 1 {file} 2> /dev/null || true)\n"
            + commands
            + $"after=$(head -n 1 {file} 2> /dev/null || true)\n"
            + "[ \"$before\" = \"$after\" ] || { echo \"PostgreSQL was $before and is $after\" >&2; exit 1; }\n";
    }

    /// <summary>Run on another host.</summary>
    public static string RemoveMember(string name) =>
        AsAccount($"member remove {name} --home {HostPaths.Home} -o plain");

    /// <summary>Everything of ours, now and at the next start of the host.</summary>
    public static string StopAll =>
        $"for unit in {SystemdUnits.Proxy} {SystemdUnits.Archiver} {SystemdUnits.Member} {SystemdUnits.Address} "
        + $"{SystemdUnits.Agent} {SystemdUnits.Etcd}; do\n"
        + $"    [ ! -e {HostPaths.Units}/\"$unit\" ] || systemctl disable --quiet --now \"$unit\"\ndone\n";

    /// <summary>As the operator reads it: notes on standard error, the rest on standard output.</summary>
    public static string Restore(params IEnumerable<string> options) => AsAccount(
        $"restore --in-place --deployed --home {HostPaths.Home} -o human "
        + string.Join(' ', options.Select(SshCall.Quoted)));

    public static string FullBackup => AsAccount($"backup now --full --home {HostPaths.Home} -o human");

    /// <summary>Who is being restored, as an earlier run left it; nothing where none was begun.</summary>
    public static string WhoIsRestored => $"cat {HostPaths.Held} 2> /dev/null || true\n";

    /// <summary>
    /// From now on no member comes up on this host, also not with the next start of the host; and the one that is there
    /// is stopped in order. Fails when something of it is left.
    /// </summary>
    public static string Hold(HostBlueprint host, string restored) =>
        $"{Strict}printf %s {restored} > {HostPaths.Held}.new\nmv {HostPaths.Held}.new {HostPaths.Held}\nsync\n"
        + $"systemctl stop {SystemdUnits.Member} {SystemdUnits.Agent}\n"
        + $"pid={DataOf(host)}/postmaster.pid\n"
        + "if [ -e \"$pid\" ] && kill -0 \"$(head -n 1 \"$pid\")\" 2> /dev/null; then\n"
        + "    echo \"PostgreSQL still runs: process $(head -n 1 \"$pid\")\" >&2\n    exit 1\nfi\n";

    /// <summary>What it has is of another present: it comes up as nothing before the restored leader is seen.</summary>
    public static string AwaitLeader(HostBlueprint host) =>
        $"{Strict}rm -f {DataOf(host)}/standby.signal\nsync\n";

    public static string LetGo =>
        $"{Strict}rm -f {HostPaths.Held}\nsystemctl reset-failed {SystemdUnits.Agent} 2> /dev/null || true\n"
        + $"systemctl start --no-block {SystemdUnits.Agent} {SystemdUnits.Member}\n";

    private static string DataOf(HostBlueprint host) => $"{HostPaths.Home}/members/{host.Name}/data";

    public static string Drill => AsAccount($"drill switchover --home {HostPaths.Home} -o human --yes");

    public static string WriteUnits(ImmutableArray<DeployedFile> files)
    {
        var script = new StringBuilder(Strict);
        foreach (var (file, index) in files.Select((file, index) => (file, index)))
        {
            var end = string.Create(CultureInfo.InvariantCulture, $"END_OF_FILE_{index}");
            script.Append($"install -d -m 0755 {Path.GetDirectoryName(file.Path)}\n")
                .Append($"cat > {file.Path}.new <<'{end}'\n{file.Content}{end}\n")
                .Append($"chown {file.Owner}: {file.Path}.new; chmod {file.Mode} {file.Path}.new\n")
                .Append($"mv {file.Path}.new {file.Path}\n");
        }
        return script.Append("systemctl daemon-reload\n").ToString();
    }

    /// <summary>For good: nothing of it is left to be started, and what it said last of itself is gone.</summary>
    public static string RemoveUnit(string unit)
    {
        var said = unit == SystemdUnits.Address ? $" {HostPaths.Home}/run/address.json" : "";
        return $"{Strict}systemctl disable --quiet --now {unit}\n"
            + $"rm -f {HostPaths.Units}/{unit}{said}\n"
            + $"systemctl daemon-reload\nsystemctl reset-failed {unit} 2> /dev/null || true\n";
    }

    /// <summary>Does not wait until it runs: some are ready only together with those of other hosts.</summary>
    public static string Start(string unit) =>
        $"{Strict}systemctl reset-failed {unit} 2> /dev/null || true\n"
        + $"systemctl enable --quiet {unit}\n"
        // A host that loses power now must still have all that was put on it.
        + $"sync\nsystemctl start --no-block {unit}\n";

    /// <summary>Waits until it runs; says what it said when it does not.</summary>
    public static string Await(string unit, int seconds) =>
        $"""
        export LC_ALL=C
        for i in $(seq {seconds * 5}); do
            systemctl is-active --quiet {unit} && exit 0
            sleep 0.2
        done
        echo "{unit} is $(systemctl is-active {unit}) after {seconds} s" >&2
        journalctl -q -u {unit} -n 12 --no-pager -o cat >&2
        exit 1

        """;
}

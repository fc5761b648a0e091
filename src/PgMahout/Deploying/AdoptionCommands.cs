using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Deployment;

namespace PgMahout.Deploying;

/// <summary>The words of the shell by which a running server is adopted. None holds a secret.</summary>
internal static class AdoptionCommands
{
    private const string KeepFormer = ".before-pgmahout";
    private const int LeadSeconds = 60;

    public static string Adopt => HostCommands.AsAccount($"host adopt --home {HostPaths.Home}");

    /// <summary>
    /// Files outside the data directory are replaced by ones that lead into it, and keep a copy; then whoever kept the
    /// server is made to leave it alone. The server's pid proves that it went on.
    /// </summary>
    public static string EndFormerKeeper(AdoptionSurvey server)
    {
        var script = $"{HostCommands.Strict}pid={server.Postmaster}\nstarted=$(cut -d ' ' -f 22 /proc/$pid/stat)\n";
        script += Files(server);
        if (server.DebianDirectory is { } debian)
            script += In(debian, $"{Kept($"{debian}/start.conf")}echo disabled > '{debian}/start.conf'\n");
        if (HostStep.EndFormerKeeper.UnitOf(server) is { } unit)
            script += Unit(unit);
        return script + "[ \"$(cut -d ' ' -f 22 /proc/$pid/stat 2> /dev/null)\" = \"$started\" ] || "
            + "{ echo \"PostgreSQL (pid $pid) has ended\" >&2; exit 1; }\nsync\n";
    }

    /// <summary>
    /// Until the agent leads, has let the members in, and keeps a slot for each: a member that came before would be
    /// turned away, and one that is turned away for long is copied anew.
    /// </summary>
    public static string AwaitLeader(AdoptionSurvey server, ImmutableArray<string> slots)
    {
        var names = string.Join(", ", slots.Select(slot => $"'{slot}'"));
        var ready = slots.IsEmpty
            ? "current_setting('restart_after_crash') = 'off'"
            : $"(select count(*) from pg_replication_slots where slot_name in ({names})) = {slots.Length} "
                + "and current_setting('restart_after_crash') = 'off' and exists (select from pg_hba_file_rules "
                + "where 'pgmahout_replication' = any (user_name) and error is null)";
        return $"""
            {HostCommands.Strict}
            for i in $(seq {LeadSeconds * 5}); do
                [ "$({Psql(server)} -c "select {ready}" < /dev/null 2> /dev/null)" = t ] && exit 0
                sleep 0.2
            done
            echo "it does not lead after {LeadSeconds} s" >&2
            journalctl -q -u {SystemdUnits.Agent} -n 12 --no-pager -o cat >&2
            exit 1

            """;
    }

    /// <summary>Not every kernel and container lets us; the server is none the worse for it.</summary>
    public static string Enclose(AdoptionSurvey server) =>
        $$"""
        export LC_ALL=C
        # The agent may just be starting.
        for i in $(seq 50); do
            group=$(systemctl show -p ControlGroup --value {{SystemdUnits.Agent}})
            [ -n "$group" ] && [ -w "/sys/fs/cgroup$group/cgroup.procs" ] && break
            group=
            sleep 0.1
        done
        [ -n "$group" ] || exit 0
        # Twice: a process may have been born meanwhile.
        for i in 1 2; do
            for process in /proc/[0-9]*; do
                [ "$(readlink "$process/cwd" 2> /dev/null)" = '{{server.Data}}' ] || continue
                echo "${process#/proc/}" 2> /dev/null > "/sys/fs/cgroup$group/cgroup.procs" || true
            done
        done
        exit 0

        """;

    /// <summary>Of standbys that have slots of the cluster now; one that is in use after all stays.</summary>
    public static string DropFormerSlots(AdoptionSurvey server, ImmutableArray<string> slots) =>
        $"{HostCommands.Strict}{Psql(server)} -c \"select pg_drop_replication_slot(slot_name) "
        + "from pg_replication_slots where not active and slot_type = 'physical' and slot_name in ("
        + string.Join(", ", slots.Select(slot => $"'{slot}'")) + ")\" < /dev/null > /dev/null\n";

    public static string Restart(HostBlueprint host) =>
        HostCommands.AsAccount($"restart {host.Name} --home {HostPaths.Home} -o plain");

    public static string SwitchOver =>
        HostCommands.AsAccount($"switchover --home {HostPaths.Home} -o plain --reason adoption");

    /// <summary>By name, so that it stays right when the server is started anew, with its socket in the home.</summary>
    private static string Psql(AdoptionSurvey server) => string.Create(
        CultureInfo.InvariantCulture,
        $"setpriv --reuid={HostPaths.Account} --regid={HostPaths.Account} --init-groups -- env HOME=/ "
        + $"PGCONNECT_TIMEOUT=5 psql -XAtqw -h {HostPaths.Home}/run "
        + $"-p {server.Number("port")} -U postgres -d postgres");

    private static string Files(AdoptionSurvey server)
    {
        var script = "";
        var (config, data) = (server.Setting("config_file"), server.Data);
        if (config != $"{data}/postgresql.conf")
            script += In(Parent(config), Kept(config)
                + $"""
                cat > '{config}.new' <<'END_OF_FILE'
                # Written by `pgmahout deploy`; what was here is in {config}{KeepFormer}.
                # The settings of this server are in its data directory, where copies of it take them along.
                data_directory = '{data}'
                hba_file = '{server.Setting("hba_file")}'
                ident_file = '{server.Setting("ident_file")}'
                external_pid_file = '{server.Setting("external_pid_file")}'
                include '{data}/postgresql.conf'
                END_OF_FILE
                chmod 0644 '{config}.new'
                mv -T '{config}.new' '{config}'

                """);
        // A server reads these where it was told to when it was started.
        foreach (var (setting, name) in new[] { ("hba_file", "pg_hba.conf"), ("ident_file", "pg_ident.conf") })
            if (server.Setting(setting) is var file && file != $"{data}/{name}")
                // The agent writes the rules when it begins; until then they are what they were.
                script += In(data, $"[ -e '{data}/{name}' ] || cp '{file}' '{data}/{name}'\n")
                    + In(Parent(file), Kept(file)
                        + $"ln -sfnT '{data}/{name}' '{file}.new'\nmv -T '{file}.new' '{file}'\n");
        return script;
    }

    /// <summary>
    /// As the account wherever it may write: in a directory of its own it could have any name lead anywhere, and root
    /// would follow.
    /// </summary>
    private static string In(string directory, string script) =>
        $"""
        as_postgres="setpriv --reuid={HostPaths.Account} --regid={HostPaths.Account} --init-groups --"
        $as_postgres test -w '{directory}' < /dev/null || as_postgres=
        $as_postgres sh -eus <<'END_OF_SCRIPT'
        {script}END_OF_SCRIPT

        """;

    private static string Parent(string file) => Path.GetDirectoryName(file)!;

    /// <summary>The first time only.</summary>
    private static string Kept(string file) =>
        $"[ -e '{file}{KeepFormer}' ] || cp -p '{file}' '{file}{KeepFormer}'\n";

    /// <summary>
    /// Stopped, with a drop-in that makes its stop do nothing; and it does not start as long as there is a home. The
    /// file with the pid must not be removed by it: in a data directory it is PostgreSQL's own lock.
    /// </summary>
    private static string Unit(string unit) =>
        $"""
        install -d -m 0755 '{HostPaths.Units}/{unit}.d'
        cat > '{HostPaths.Units}/{unit}.d/pgmahout.conf' <<'END_OF_FILE'
        # Written by `pgmahout deploy`, which keeps this server now: `pgmahout status` shows it.
        [Unit]
        AssertPathExists=!{HostPaths.HostFile}

        [Service]
        Restart=no
        PIDFile=
        ExecStop=
        ExecStopPost=
        KillMode=none
        SendSIGKILL=no
        END_OF_FILE
        systemctl daemon-reload
        systemctl disable --quiet '{unit}' 2> /dev/null || true
        systemctl stop '{unit}'

        """;
}

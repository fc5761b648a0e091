using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Installation;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>The units of a host of many: one for each role, none of them root's.</summary>
public static class SystemdUnits
{
    public const string Agent = "pgmahout-agent.service";
    public const string Member = "pgmahout-member.service";
    public const string Archiver = "pgmahout-archiver.service";
    public const string Proxy = "pgmahout-proxy.service";
    public const string Address = "pgmahout-address.service";
    public const string Etcd = "pgmahout-etcd.service";

    /// <summary>Until then the kernel has taken the address off; its keeper turns ten times a second.</summary>
    private static readonly TimeSpan AddressHung = TimeSpan.FromSeconds(5);

    /// <summary>An archiver or a proxy that has not turned for this long is hung; each turns every second.</summary>
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    /// <summary>Those of a host, in the order in which they are to be enabled and started.</summary>
    public static ImmutableArray<SystemdUnit> For(UnitSettings settings) =>
    [
        .. settings.HasEtcd ? [new SystemdUnit(Etcd, EtcdText(settings))] : ImmutableArray<SystemdUnit>.Empty,
        .. settings.Member is { } member
            ?
            [
                new SystemdUnit(Agent, AgentText(settings, member)),
                .. settings.HasVirtualIp
                    ? [new SystemdUnit(Address, AddressText(settings, member))]
                    : ImmutableArray<SystemdUnit>.Empty,
                new SystemdUnit(Member, MemberText(settings, member)),
                new SystemdUnit(Archiver, ArchiverText(settings)),
            ]
            : ImmutableArray<SystemdUnit>.Empty,
        .. settings.HasProxy ? [new SystemdUnit(Proxy, ProxyText(settings))] : ImmutableArray<SystemdUnit>.Empty,
    ];

    /// <summary>
    /// Only the agent's own process is ever stopped, so the guard and PostgreSQL stay where they are. A hung one is
    /// killed outright: a frozen agent that had to be woken to die could act once more.
    /// </summary>
    private static string AgentText(UnitSettings settings, MemberName member) =>
        $"""
        # Written by `pgmahout deploy`. A restart of this unit does not touch PostgreSQL.
        [Unit]
        Description=pgmahout: agent of {member}
        {Network(settings)}
        # While the whole cluster is taken back in time, nobody comes up with what it had before.
        ConditionPathExists=!{settings.Home}/{HostPaths.HeldName}
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        NotifyAccess=main
        User={settings.Account}
        Group={settings.Account}
        {Environment(settings, ProcessEnvironment.Frugal)}
        ExecStart={settings.Program} agent --home {settings.Home} --member {member}
        KillMode=process
        TimeoutStartSec=infinity
        TimeoutStopSec=10
        WatchdogSec={Seconds(settings.Timing.HungAfter)}
        WatchdogSignal=SIGKILL
        Restart=always
        RestartSec=200ms
        # The member was shut down, or is no member any more.
        RestartPreventExitStatus=4 6
        SuccessExitStatus=6
        # A server process that the kernel kills for its memory is PostgreSQL's affair.
        OOMPolicy=continue
        OOMScoreAdjust=-900
        LimitNOFILE=65536
        LimitMEMLOCK=infinity
        TasksMax=infinity
        MemoryLow=256M
        CPUWeight=500
        IOWeight=500
        # Beside the home, data and repositories may be anywhere.
        ProtectSystem=full
        ProtectHome=read-only
        {NoPrivileges}
        {Hardening}
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK

        [Install]
        WantedBy=multi-user.target

        """;

    /// <summary>
    /// Stopped with the host, before everything that it needs: then the member is stopped in order. Nothing else stops
    /// it but an operator who means it.
    /// </summary>
    private static string MemberText(UnitSettings settings, MemberName member) =>
        $"""
        # Written by `pgmahout deploy`. Its stop, which a shutdown of the host is too, hands the leadership over and
        # stops PostgreSQL; its start starts the agent.
        [Unit]
        Description=pgmahout: PostgreSQL of {member}, in order
        Wants={Agent}
        After={Agent} {Proxy} {Archiver} {Address}
        {Network(settings)}

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        User={settings.Account}
        Group={settings.Account}
        {Environment(settings, ProcessEnvironment.Frugal)}
        ExecStart=/bin/true
        ExecStop={settings.Program} stop-member --home {settings.Home} --member {member}
        TimeoutStopSec=180
        {NoPrivileges}
        {Hardening}

        [Install]
        WantedBy=multi-user.target

        """;

    /// <summary>
    /// The one unit with privileges. Its stop gives the address up at once, its reload starts the process anew and
    /// leaves the address where it is.
    /// </summary>
    private static string AddressText(UnitSettings settings, MemberName member) =>
        $"""
        # Written by `pgmahout deploy`. Reload it to have another process keep the address; its stop gives it up.
        [Unit]
        Description=pgmahout: virtual address, while {member} leads
        {Network(settings)}
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        NotifyAccess=main
        User={settings.Account}
        Group={settings.Account}
        {Environment(settings, ProcessEnvironment.Frugal)}
        ExecStart={settings.Program} address --home {settings.Home} --member {member}
        ExecReload=/bin/kill -HUP $MAINPID
        TimeoutStopSec=5
        WatchdogSec={Seconds(AddressHung)}
        WatchdogSignal=SIGKILL
        Restart=always
        RestartSec=100ms
        # The cluster has no such address any more.
        RestartPreventExitStatus=4
        OOMScoreAdjust=-900
        CPUWeight=500
        ProtectSystem=strict
        ProtectHome=yes
        ReadWritePaths={settings.Home}
        PrivateTmp=yes
        CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW
        AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW
        {Hardening}
        RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_PACKET

        [Install]
        WantedBy=multi-user.target

        """;

    private static string ArchiverText(UnitSettings settings) =>
        $"""
        # Written by `pgmahout deploy`.
        [Unit]
        Description=pgmahout: archiver
        {Network(settings)}
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        NotifyAccess=main
        User={settings.Account}
        Group={settings.Account}
        {Environment(settings, ProcessEnvironment.Quiet)}
        ExecStart={settings.Program} archiver --home {settings.Home}
        TimeoutStopSec=20
        WatchdogSec={Seconds(Hung)}
        WatchdogSignal=SIGKILL
        # Without a repository it ends by itself.
        Restart=on-failure
        RestartSec=1
        LimitNOFILE=65536
        OOMScoreAdjust=200
        CPUWeight=50
        IOWeight=50
        ProtectSystem=full
        ProtectHome=read-only
        {NoPrivileges}
        {Hardening}
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6

        [Install]
        WantedBy=multi-user.target

        """;

    private static string ProxyText(UnitSettings settings) =>
        $"""
        # Written by `pgmahout deploy`.
        [Unit]
        Description=pgmahout: proxy
        {Network(settings)}
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        NotifyAccess=main
        User={settings.Account}
        Group={settings.Account}
        {Environment(settings, ProcessEnvironment.Hot)}
        ExecStart={settings.Program} proxy run --home {settings.Home}
        TimeoutStopSec=20
        WatchdogSec={Seconds(Hung)}
        WatchdogSignal=SIGKILL
        # While the cluster has no settings for it, it ends by itself.
        Restart=on-failure
        RestartSec=200ms
        LimitNOFILE=1048576
        LimitMEMLOCK=infinity
        OOMScoreAdjust=-800
        MemoryLow=128M
        CPUWeight=500
        ProtectSystem=strict
        ProtectHome=yes
        ReadWritePaths={settings.Home}
        PrivateTmp=yes
        {NoPrivileges}
        {Hardening}
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6

        [Install]
        WantedBy=multi-user.target

        """;

    /// <summary>What decides who leads comes before everything else on the host's disk and processors.</summary>
    private static string EtcdText(UnitSettings settings) =>
        $"""
        # Written by `pgmahout deploy`.
        [Unit]
        Description=pgmahout: member of etcd
        After=network-online.target
        Wants=network-online.target
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        User={settings.Account}
        Group={settings.Account}
        EnvironmentFile={settings.EtcdEnvironment}
        ExecStart={settings.EtcdProgram}
        # It is ready when it has a leader, which takes others.
        TimeoutStartSec=infinity
        TimeoutStopSec=20
        Restart=always
        RestartSec=200ms
        LimitNOFILE=65536
        OOMScoreAdjust=-900
        MemoryLow=256M
        CPUWeight=1000
        IOWeight=1000
        Nice=-5
        ProtectSystem=strict
        ProtectHome=yes
        ReadWritePaths={settings.EtcdDirectory}
        PrivateTmp=yes
        {NoPrivileges}
        {Hardening}
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK

        [Install]
        WantedBy=multi-user.target

        """;

    private const string Hardening =
        """
        NoNewPrivileges=yes
        UMask=0077
        ProtectClock=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        LockPersonality=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        SystemCallArchitectures=native
        """;

    // On a host of its own the stop of the store's member comes after everything that needs it.
    private static string Network(UnitSettings settings) =>
        $"""
        After=network-online.target{(settings.HasEtcd ? " " + Etcd : "")}
        Wants=network-online.target
        """;

    private const string NoPrivileges =
        """
        CapabilityBoundingSet=
        AmbientCapabilities=
        """;

    private static string Environment(UnitSettings settings, ImmutableArray<(string Name, string Value)> variables)
    {
        var all = variables;
        if (settings.DotnetRoot is { } root)
            all = all.Add(("DOTNET_ROOT", root));
        if (settings.PostgresPrograms is { } programs)
            all = all.Add((InstallPlan.ProgramsVariable, programs));
        return "Environment=" + string.Join(' ', all.Select(one => $"{one.Name}={one.Value}"));
    }

    private static string Seconds(TimeSpan span) =>
        Math.Ceiling(span.TotalSeconds).ToString(CultureInfo.InvariantCulture) + "s";
}

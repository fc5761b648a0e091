using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Installation;

/// <summary>What an operator wants installed.</summary>
/// <param name="Major">Null for the version that is there, else the distribution's own.</param>
/// <param name="Pgdg">From the repository of the PostgreSQL project, which has every supported version.</param>
/// <param name="AtBoot">Start the cluster when the host starts.</param>
/// <param name="Home">Absolute path of the cluster's home.</param>
/// <param name="Program">Absolute path of pgmahout itself.</param>
public sealed record InstallRequest(int? Major, bool Pgdg, bool AtBoot, int Members, string Home, string Program);

/// <summary>One step, which can be repeated.</summary>
/// <param name="Title">What it does, in a few words.</param>
/// <param name="Why">One clause for people; empty when it is plain.</param>
public abstract record InstallStep(string Title, string Why)
{
    /// <param name="Arguments">The program and its arguments, as they are given to it.</param>
    public sealed record Run(string Title, ImmutableArray<string> Arguments, string Why = "")
        : InstallStep(Title, Why);

    /// <param name="Replaced">
    /// Lines that begin so are replaced in what is there; null when the whole file is ours.
    /// </param>
    public sealed record Write(string Title, string Path, string Content, string? Replaced, string Why = "")
        : InstallStep(Title, Why);
}

/// <summary>How a host gets from what it has to a running, checked cluster that survives a reboot.</summary>
/// <param name="Notes">What the operator should know and nobody does for him.</param>
public sealed record InstallPlan(ImmutableArray<InstallStep> Steps, ImmutableArray<string> Notes)
{
    public const string UnitPath = "/etc/systemd/system/pgmahout.service";

    /// <summary>The environment variable that names the directory of PostgreSQL's programs.</summary>
    public const string ProgramsVariable = "PGMAHOUT_POSTGRES_BIN";

    private const string ClusterSettings = "/etc/postgresql-common/createcluster.conf";

    /// <summary>The plan, or why there is none.</summary>
    public static (InstallPlan? Plan, string WhyNot) For(
        Platform platform, ImmutableArray<InstalledServer> installed, InstallRequest request)
    {
        var present = installed.FirstOrDefault(server => request.Major is null || server.Major == request.Major);
        var packages = ImmutableArray<InstallStep>.Empty;
        if (present is null)
        {
            if (platform.Manager is not { } manager)
                return (null, $"{platform.Name} has none of apt-get, dnf and yum");
            packages = manager == PackageTool.Apt
                ? WithApt(request.Major, request.Pgdg)
                : WithRpm(platform, manager, request);
        }
        var programs = request.Major is null ? null : present?.Directory ?? Programs(platform, request);
        ImmutableArray<InstallStep> steps =
            [.. packages, Initialize(request, programs), .. Boot(platform, request, programs)];
        return (new InstallPlan(steps, NotesOn(platform, present, request)), "");
    }

    /// <summary>PostgreSQL's server alone, by apt.</summary>
    public static ImmutableArray<InstallStep> ServerPackages(int? major) => WithApt(major, pgdg: false);

    /// <summary>
    /// etcd alone, by apt. Its package would start a server of its own; that unit is hidden before, and stays so.
    /// </summary>
    public static ImmutableArray<InstallStep> EtcdPackages(bool refreshed) =>
    [
        .. refreshed ? (ImmutableArray<InstallStep>)[] : [Refresh],
        new InstallStep.Run(
            "hide the package's own unit", ["systemctl", "mask", "etcd.service"],
            "the package would start a server that belongs to nobody"),
        Apt("install etcd", "etcd-server"),
    ];

    /// <summary>The account that the server's package would make, where that package is not needed.</summary>
    public static readonly InstallStep Account = new InstallStep.Run(
        "make the account postgres",
        [
            "useradd", "--system", "--user-group", "--home-dir", "/var/lib/postgresql", "--no-create-home", "--shell",
            "/bin/bash", "postgres",
        ]);

    private static readonly InstallStep Refresh =
        new InstallStep.Run("refresh the lists of packages", ["apt-get", "-q", "-y", "update"]);

    private static ImmutableArray<InstallStep> WithApt(int? major, bool pgdg)
    {
        var steps = ImmutableArray.CreateBuilder<InstallStep>();
        steps.Add(Refresh);
        // The switch below lives in a file of this package, and asks nothing of anybody.
        steps.Add(Apt("install what Debian's packages share", "postgresql-common"));
        steps.Add(new InstallStep.Write(
            "switch the default cluster off",
            ClusterSettings,
            "create_main_cluster = false\n",
            "create_main_cluster",
            "the server's package would make a cluster and start it on port 5432 while it is being installed"));
        if (pgdg)
            steps.Add(new InstallStep.Run(
                "add the repository of the PostgreSQL project",
                ["/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh", "-y"],
                "it has every supported version; the script is the distribution's own"));
        steps.Add(Apt("install the server", Text(major, "postgresql", number => $"postgresql-{number}")));
        return steps.ToImmutable();
    }

    private static ImmutableArray<InstallStep> WithRpm(
        Platform platform, PackageTool manager, InstallRequest request)
    {
        var tool = manager == PackageTool.Dnf ? "dnf" : "yum";
        // The modules of release 8 and 9 hide every other version of a package.
        var hasModules = manager == PackageTool.Dnf && platform.Release is 8 or 9;
        var steps = ImmutableArray.CreateBuilder<InstallStep>();
        if (request.Pgdg)
        {
            steps.Add(new InstallStep.Run(
                "add the repository of the PostgreSQL project",
                [
                    tool, "install", "-y",
                    "https://download.postgresql.org/pub/repos/yum/reporpms/"
                    + $"EL-{Number(platform.Release)}-{platform.Architecture}/pgdg-redhat-repo-latest.noarch.rpm",
                ],
                "it has every supported version"));
            if (hasModules)
                steps.Add(new InstallStep.Run(
                    "let its packages be seen",
                    [tool, "-q", "-y", "module", "disable", "postgresql"],
                    "the distribution's own module hides them"));
        }
        else if (hasModules && request.Major is { } module)
        {
            steps.Add(new InstallStep.Run(
                "choose the version", [tool, "-q", "-y", "module", "enable", $"postgresql:{Number(module)}"]));
        }
        var server = request.Pgdg
            ? Text(request.Major, "postgresql17-server", major => $"postgresql{major}-server")
            : "postgresql-server";
        steps.Add(new InstallStep.Run(
            "install the server", [tool, "install", "-y", server, Contributed(request)],
            "these packages make no cluster and start none"));
        return steps.ToImmutable();
    }

    // pg_rewind is in the server's package; pg_stat_statements is not.
    private static string Contributed(InstallRequest request) => request.Pgdg
        ? Text(request.Major, "postgresql17-contrib", major => $"postgresql{major}-contrib")
        : "postgresql-contrib";

    /// <summary>Where the packages put the programs of the asked version; null where that is on the PATH.</summary>
    private static string? Programs(Platform platform, InstallRequest request) =>
        (platform.Manager, request.Major) switch
        {
            (PackageTool.Apt, { } major) => $"/usr/lib/postgresql/{Number(major)}/bin",
            (_, { } major) when request.Pgdg => $"/usr/pgsql-{Number(major)}/bin",
            _ => null,
        };

    // Another version may be installed beside the asked one, and would be taken if it is newer.
    private static InstallStep Initialize(InstallRequest request, string? programs) => new InstallStep.Run(
        "make the cluster",
        [
            .. programs is null ? (ImmutableArray<string>)[] : ["env", $"{ProgramsVariable}={programs}"],
            request.Program, "up", "--detach", "--home", request.Home, "--members", Number(request.Members),
        ],
        "with checksums, SCRAM passwords, tuned for this machine; one that is there is only started");

    private static ImmutableArray<InstallStep> Boot(Platform platform, InstallRequest request, string? programs) =>
        !request.AtBoot || !platform.HasSystemd
            ? []
            :
            [
                new InstallStep.Write("describe it to systemd", UnitPath, Unit(request, programs), null),
                new InstallStep.Run("have systemd read that", ["systemctl", "daemon-reload"]),
                new InstallStep.Run("start it at boot", ["systemctl", "enable", "pgmahout.service"]),
            ];

    /// <summary>
    /// The supervisor in the foreground. A stop is an orderly one, the leader first; a supervisor that dies is started
    /// again and finds its agents and servers running, so nothing but it may be killed with it.
    /// </summary>
    private static string Unit(InstallRequest request, string? programs) =>
        $"""
        # Written by `pgmahout install`.
        [Unit]
        Description=pgmahout: keeper of the PostgreSQL cluster in {request.Home}
        After=network-online.target
        Wants=network-online.target

        [Service]
        Type=exec
        {(programs is null ? "# The newest version that is installed." : $"Environment={ProgramsVariable}={programs}")}
        ExecStart={request.Program} supervise --home {request.Home}
        ExecStop={request.Program} down --home {request.Home}
        KillMode=process
        Restart=on-failure
        RestartSec=1
        # Another supervisor looks after the home already.
        RestartPreventExitStatus=5
        TimeoutStopSec=300
        LimitNOFILE=65536
        LimitMEMLOCK=infinity
        OOMScoreAdjust=-900

        [Install]
        WantedBy=multi-user.target

        """;

    private static ImmutableArray<string> NotesOn(Platform platform, InstalledServer? present, InstallRequest request)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        if (present is not null)
            notes.Add($"PostgreSQL {present.Version} is installed already, in {present.Directory}");
        if (present is null && platform.Manager is PackageTool.Dnf or PackageTool.Yum)
            notes.Add("the steps for dnf and yum are rendered from the distributions' documentation; they were never "
                + "run by the authors");
        if (request.AtBoot && !platform.HasSystemd)
            notes.Add("systemd does not run here: have your init run "
                + $"`{request.Program} up --detach --home {request.Home}` at boot");
        return notes.ToImmutable();
    }

    private static InstallStep.Run Apt(string title, string package) =>
        new(title, ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "install", package]);

    private static string Text(int? major, string without, Func<string, string> with) =>
        major is { } number ? with(Number(number)) : without;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

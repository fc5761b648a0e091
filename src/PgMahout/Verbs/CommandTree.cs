using System.CommandLine;
using PgMahout.CommandLine;

namespace PgMahout.Verbs;

/// <summary>All verbs, in the order in which help lists them.</summary>
internal static class CommandTree
{
    public static RootCommand Build(CommonOptions common)
    {
        var root = new RootCommand("A keeper for PostgreSQL clusters: installs, replicates, heals.");
        common.AddTo(root);
        foreach (var command in Verbs(common))
            root.Add(command);
        return root;
    }

    /// <summary>What a user would type to reach it.</summary>
    public static string PathOf(Command command)
    {
        var names = new Stack<string>();
        for (var at = command; at is not null and not RootCommand; at = at.Parents.OfType<Command>().FirstOrDefault())
            names.Push(at.Name);
        return string.Join(' ', names.Prepend("pgmahout"));
    }

    private static IEnumerable<Command> Verbs(CommonOptions common) =>
    [
        InstallVerb.Build(common),
        UpVerb.Build(common),
        DeployVerb.Build(common),
        DownVerb.Build(common),
        StatusVerb.Build(common),
        HistoryVerb.Build(common),
        ExplainVerb.Build(common),
        SwitchoverVerb.Switchover(common),
        SwitchoverVerb.Failover(common),
        RegionVerb.Build(common),
        MemberVerbs.Restart(common),
        PauseVerbs.Pause(common),
        PauseVerbs.Resume(common),
        MemberVerbs.Member(common),
        ConfigVerb.Build(common),
        HbaVerb.Build(common),
        RepoVerb.Build(common),
        BackupVerb.Build(common),
        RestoreVerb.Build(common),
        UndoVerb.Build(common),
        UndoVerb.At(common),
        ProxyVerb.Build(common),
        DoctorVerb.Build(common),
        UriVerb.Build(common),
        PsqlVerb.Build(common),
        TuneVerb.Build(common),
        WalVerb.Build(common),
        LogsVerb.Build(common),
        DrillVerb.Build(common),
        VersionVerb.Build(common),
    ];
}

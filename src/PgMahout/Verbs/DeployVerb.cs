using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Deploying;

namespace PgMahout.Verbs;

/// <summary>A cluster on several hosts, from an operator's machine.</summary>
internal static class DeployVerb
{
    private const string DefaultFile = "cluster.yml";
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(5);

    private static readonly Option<string> File = new("--file", "-f")
    {
        Description = $"What is wanted on which hosts (default {DefaultFile}).",
        HelpName = "FILE",
        DefaultValueFactory = _ => DefaultFile,
    };

    private static readonly Option<bool> DryRun =
        new("--dry-run") { Description = "Look at all hosts, print what would be done, and change nothing." };

    private static readonly Option<bool> OpenFirewall =
        new("--open-firewall") { Description = "Open the ports that are needed, where a host has a firewall." };

    private static readonly Option<string?> KnownHosts = new("--known-hosts")
    {
        Description = "Only hosts whose keys are in this file (default: new hosts are believed, known ones checked).",
        HelpName = "FILE",
    };

    private static readonly Option<bool> AllowRestart = new("--allow-restart")
    {
        Description = "Adopted servers that need it are started anew at the end, one after the other.",
    };

    private static readonly Option<bool> Drill =
        new("--drill") { Description = "At the end, switch over under load and show what clients saw." };

    private static readonly Option<TimeSpan?> Timeout = new("--timeout")
    {
        Description = "How long to wait for a healthy cluster (default 5m).",
        HelpName = "5m",
        CustomParser = Durations.Parse,
    };

    public static Command Build(CommonOptions common)
    {
        var file = new Argument<string>("FILE")
        {
            Description = $"What is wanted on which hosts (default {DefaultFile}).",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => DefaultFile,
        };
        var command = new Command("deploy", "Bring a cluster to several hosts over ssh, and keep it as its file says.")
        {
            file, DryRun, OpenFirewall, KnownHosts, AllowRestart, Drill, Timeout, Add(common), Remove(common),
            Upgrade(common), Certificates(common), Restore(common),
        };
        common.BindAsCaller(command, (parse, invocation) =>
            new DeployCommand(invocation, Request(parse, parse.GetRequiredValue(file))).RunAsync());
        return command;
    }

    private static Command Certificates(CommonOptions common)
    {
        var names = new Argument<string[]>("HOST") { Description = "These hosts (default: all)." };
        names.Arity = ArgumentArity.ZeroOrMore;
        var authority = new Option<bool>("--ca")
        {
            Description =
                "A new authority, and new certificates of it for all hosts; goes on where it was interrupted.",
        };
        var step = new Option<bool>("--step") { Description = "With --ca: one of its three steps, and no more." };
        var rotate = new Command("rotate", "New certificates for hosts; PostgreSQL is not restarted.")
        {
            names, authority, step, File, DryRun, KnownHosts, Timeout,
        };
        rotate.Validators.Add(result =>
        {
            if (result.Peek(authority) && result.GetResult(names) is { Tokens.Count: > 0 })
                result.AddError("--ca is for all hosts");
            if (result.Peek(step) && !result.Peek(authority))
                result.AddError("--step goes with --ca");
        });
        common.BindAsCaller(rotate, (parse, invocation) =>
        {
            if (parse.GetValue(authority))
                return new AuthorityRotation(invocation, Request(parse, parse.GetRequiredValue(File)))
                    .RunAsync(parse.GetValue(step));
            var chosen = parse.GetValue(names) ?? [];
            return new DeployCommand(invocation, Request(parse, parse.GetRequiredValue(File)) with
            {
                Renews = name => chosen.Length == 0 || chosen.Contains(name),
            }).RunAsync();
        });
        return new Command("certificates", "The hosts' certificates.") { rotate };
    }

    private static Command Add(CommonOptions common)
    {
        var name = new Argument<string>("HOST") { Description = "Its name; cluster.yml already describes it." };
        var command = new Command("add", "Take a host in; its member copies the data.")
        {
            name, File, DryRun, OpenFirewall, KnownHosts, Timeout,
        };
        common.BindAsCaller(command, (parse, invocation) =>
            new DeployCommand(invocation, Request(parse, parse.GetRequiredValue(File)) with
            {
                Added = parse.GetRequiredValue(name),
            }).RunAsync());
        return command;
    }

    private static Command Remove(CommonOptions common)
    {
        var name = new Argument<string>("HOST") { Description = "Its name; cluster.yml still describes it." };
        var lost = new Option<bool>("--lost")
        {
            Description = "It will never be reached again: nothing is done on it, and it need not be in the file.",
        };
        var command = new Command("remove", "Take a host out; its files stay.") { name, lost, File, KnownHosts };
        common.BindAsCaller(command, (parse, invocation) =>
            new DeployRemoval(
                    invocation,
                    Request(parse, parse.GetRequiredValue(File)) with { IsLost = parse.GetValue(lost) },
                    parse.GetRequiredValue(name))
                .RunAsync());
        return command;
    }

    private static Command Restore(CommonOptions common)
    {
        var at = RestoreVerb.PointOption();
        var before = new Option<bool>("--before") { Description = "Without the transaction, or what begins there." };
        var command = new Command("restore", "Take the whole cluster back to a point; every member follows.")
        {
            at, before, BackupVerb.Repository, File, DryRun, KnownHosts, Timeout,
        };
        common.BindAsCaller(command, (parse, invocation) =>
        {
            var text = parse.GetRequiredValue(at);
            if (!RestoreVerb.Point(text, parse.GetValue(before)).TryGet(out var target, out var failure))
                return Task.FromResult<Ending>(failure);
            return new DeployRestore(
                invocation, Request(parse, parse.GetRequiredValue(File)),
                DeployRestore.Options(target, (text, parse.GetValue(before)), parse.GetValue(BackupVerb.Repository)))
                .RunAsync();
        });
        return command;
    }

    private static Command Upgrade(CommonOptions common)
    {
        var command = new Command("upgrade", "Bring this program to all hosts, one after the other.")
        {
            File, DryRun, KnownHosts, Timeout,
        };
        common.BindAsCaller(command, (parse, invocation) =>
            new DeployUpgrade(invocation, Request(parse, parse.GetRequiredValue(File))).RunAsync());
        return command;
    }

    private static DeployRequest Request(ParseResult parse, string file) => new(
        file,
        parse.GetValue(KnownHosts) is { } known ? Path.GetFullPath(known) : null,
        parse.GetValue(Timeout) ?? DefaultLimit)
    {
        DryRun = parse.GetValue(DryRun),
        OpensFirewall = parse.GetValue(OpenFirewall),
        AllowsRestart = parse.GetValue(AllowRestart),
        Drill = parse.GetValue(Drill),
    };
}

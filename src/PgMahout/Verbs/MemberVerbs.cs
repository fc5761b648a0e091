using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Operations;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Verbs;

/// <summary>What is done to single members: restart, and everything under <c>member</c>.</summary>
internal static class MemberVerbs
{
    private static readonly TimeSpan RestartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RebuildLimit = TimeSpan.FromHours(6);

    private static readonly Option<CopyOrigin> From = new("--from")
    {
        Description = "auto: from a repository if it can be, so that the primary sends only what followed; repository: "
            + "not otherwise; primary: all of it from there.",
        HelpName = "auto|repository|primary",
    };

    public static Command Restart(CommonOptions common)
    {
        var name = new Argument<string?>("NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "The member." };
        var all = new Option<bool>("--all") { Description = "Every member, the standbys first, one after the other." };
        var command = new Command("restart", "Restart PostgreSQL on a member, in place.") { name, all };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(name) is not null)
                result.AddError("name one member, or say --all");
        });
        common.Bind(command, (parse, invocation) => RestartAsync(invocation, parse.GetValue(name)));
        return command;
    }

    public static Command Member(CommonOptions common)
    {
        var wanted = new Argument<string?>("NAME")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "Its name (default: the next free one).",
        };
        var add = new Command("add", "Add a member, with a copy of the cluster's data.") { wanted, From };
        common.Bind(add, (parse, invocation) =>
            MembershipCommand.AddAsync(invocation, parse.GetValue(wanted), parse.GetValue(From)));
        var stray = new Argument<string>("NAME") { Description = "The member." };
        var reinit = new Command("reinit", "Throw a standby's data away and copy the cluster's anew.") { stray, From };
        common.Bind(reinit, (parse, invocation) =>
            ReinitAsync(invocation, parse.GetRequiredValue(stray), parse.GetValue(From)));
        return new Command("member", "Add, remove and rebuild members.")
        {
            add,
            Named(common, "remove", "Take a standby out; its files stay.", MembershipCommand.RemoveAsync),
            Named(common, "rejoin", "Climb the rejoin ladder again from its first rung.", RejoinAsync),
            reinit,
        };
    }

    private static Command Named(
        CommonOptions common, string verb, string description, Func<Invocation, string, Task<Ending>> run)
    {
        var name = new Argument<string>("NAME") { Description = "The member." };
        var command = new Command(verb, description) { name };
        common.Bind(command, (parse, invocation) => run(invocation, parse.GetRequiredValue(name)));
        return command;
    }

    private static async Task<Ending> RestartAsync(Invocation invocation, string? name)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        MemberSpec[] members;
        if (name is null)
            members = [.. cluster.Spec.Members.OrderBy(member => member.Name == cluster.Leader ? 1 : 0)];
        else if (cluster.Find(name).TryGet(out var member, out failure))
            members = [member];
        else
            return failure;

        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        foreach (var member in members)
        {
            failure = await new MemberOperation(observer).RunAsync(
                member, MemberRequest.Restart, MemberOperation.IsRestarted, RestartLimit, invocation.Cancellation);
            if (failure is not null)
                return failure;
            invocation.Screen.Note($"{member.Name} is restarted");
        }
        Done.Say(invocation.Screen, new Done(
            "restart",
            cluster.Spec.Name,
            $"restarted: {string.Join(", ", members.Select(member => member.Name))}",
            cluster.Leader));
        return Ending.Ok;
    }

    private static Task<Ending> RejoinAsync(Invocation invocation, string name) => RebuildAsync(
        invocation, name, MemberRequest.Rejoin, (_, now) => now.State is MemberState.Streaming);

    private static async Task<Ending> ReinitAsync(Invocation invocation, string name, CopyOrigin from)
    {
        invocation.Screen.Note($"This throws the data directory of {name} away and copies the cluster's anew.");
        if (!invocation.Yes && !invocation.Screen.CanAsk)
            return new Failure(ErrorCatalogue.ConsentNeeded, "nobody is there to be asked")
                .Try($"pgmahout member reinit {name} --yes");
        if (!invocation.Yes && Confirmation.TypeName(invocation.Screen, name) is { } declined)
            return declined;
        if (await MembershipCommand.ChooseOriginAsync(invocation, name, from) is { } failure)
            return failure;
        return await RebuildAsync(
            invocation,
            name,
            MemberRequest.Reinitialize,
            (before, now) => now.State is MemberState.Streaming && now.Pid != before.Pid);
    }

    private static async Task<Ending> RebuildAsync(
        Invocation invocation, string name, MemberRequest request, Func<MemberStatus, MemberStatus, bool> isDone)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        if (!cluster.Find(name).TryGet(out var member, out failure))
            return failure;
        if (member.Name == cluster.Leader)
            return MembershipCommand.Leads(member);
        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        failure = await new MemberOperation(observer)
            .RunAsync(member, request, isDone, RebuildLimit, invocation.Cancellation);
        if (failure is not null)
            return failure;
        Done.Say(
            invocation.Screen,
            new Done("member", cluster.Spec.Name, $"{member.Name} streams from {cluster.Leader}", cluster.Leader));
        return Ending.Ok;
    }
}

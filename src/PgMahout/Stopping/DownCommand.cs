using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Status;

namespace PgMahout.Stopping;

/// <summary>One run of <c>down</c>: stop everything of a home, and delete the home if that was asked for.</summary>
internal sealed class DownCommand(Invocation invocation, bool destroy)
{
    private HomeLayout Home => invocation.Home;

    private Screen Screen => invocation.Screen;

    public async Task<Ending> RunAsync()
    {
        if (HostHome.Refuse(
            Home, "a cluster on several hosts is not stopped from one",
            "systemctl stop pgmahout-agent    (the member of this host; PostgreSQL goes on until its lease ends)",
            "pgmahout deploy remove HOST    (from where it was deployed)") is { } elsewhere)
            return elsewhere;
        var found = await HomeInspection.LookAsync(Home, invocation.Cancellation);
        if (WhyNotAHome(found) is { } refused)
            return refused;
        if (destroy && Consent(found) is { } declined)
            return declined;
        using var alone = PidLock.TryTake(Path.Combine(Home.Root, HomeInspection.UpLock));
        if (alone is null)
            return new Failure(ErrorCatalogue.UpInProgress, $"another pgmahout is at work on {Home.Root}")
                .Try("pgmahout down    (again, when it has ended)");

        var members = MembersOf(found);
        if (await new ClusterStop(Home, members, Screen).RunAsync(invocation.Cancellation) is { Count: > 0 } remaining)
            return new Failure(
                ErrorCatalogue.StillRunning, $"{remaining.Count} processes of the cluster are still there")
                .Because(string.Join("\n", remaining))
                .Leaving("everything else is stopped; nothing was deleted")
                .Try("pgmahout down");
        return destroy ? Destroy(found) : Say(found, "stopped", $"stopped; its data is in {Home.Root}");
    }

    private Failure? WhyNotAHome(HomeFinding found)
    {
        if (found.Place == HomePlace.Missing)
            return new Failure(ErrorCatalogue.NoCluster, $"there is no cluster in {Home.Root}").Try("pgmahout up");
        var isHome = found.Place == HomePlace.Empty
            || found.Place == HomePlace.Occupied
                && (found.Store is not StoreFinding.Missing || found.Strangers.IsEmpty);
        return isHome
            ? null
            : new Failure(ErrorCatalogue.NotAHome, $"{Home.Root} is not a home of pgmahout")
                .Because(found.Strangers.IsEmpty
                    ? "it is no readable directory"
                    : $"it holds {string.Join(", ", found.Strangers.Take(5))}");
    }

    /// <summary>
    /// A person is asked to type the name. Elsewhere <c>--destroy</c> itself is the consent: nobody writes it into a
    /// script by accident.
    /// </summary>
    private Failure? Consent(HomeFinding found)
    {
        Screen.Note($"This stops the cluster '{NameOf(found)}' and deletes {Home.Root} with all its databases. It "
            + "cannot be undone.");
        foreach (var member in found.WithData)
            Screen.Note($"  {member}: {Home.DataDirectory(member)}");
        if (Directory.Exists(Home.DefaultRepository))
            Screen.Note($"  and the backups in {Home.DefaultRepository}");
        if (invocation.Yes || !Screen.CanAsk)
            return null;
        return Confirmation.TypeName(Screen, NameOf(found));
    }

    private Ending Destroy(HomeFinding found)
    {
        try
        {
            var left = HomeRemoval.Remove(Home);
            return Say(found, "destroyed", left.Count == 0
                ? $"destroyed; {Home.Root} is gone"
                : $"destroyed; {Home.Root} stays because of what pgmahout did not make: {string.Join(", ", left)}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.DestroyFailed, $"{Home.Root} could not be deleted")
                .Because(failure.Message)
                .Leaving("the cluster is stopped; a part of its files is left")
                .Try("pgmahout down --destroy");
        }
    }

    private Ending Say(HomeFinding found, string verb, string text)
    {
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(
                new DoneDocument(DocumentJson.Schema, verb, NameOf(found), text, null), DocumentJson.Types.DoneDocument)
            : $"{NameOf(found)}: {text}");
        return Ending.Ok;
    }

    private string NameOf(HomeFinding found) =>
        found.Store is StoreFinding.Holds held ? held.Spec.Name : Path.GetFileName(Home.Root);

    /// <summary>The store's members, and those that only a directory is left of.</summary>
    private List<MemberName> MembersOf(HomeFinding found) =>
    [
        .. (found.Store is StoreFinding.Holds held ? held.Spec.Members.Select(member => member.Name) : [])
            .Union(HomeMembers.In(Home).Select(member => member.Name)).Order(),
    ];
}

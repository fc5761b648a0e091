using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Errors;
using PgMahout.Regions;

namespace PgMahout.Starting;

/// <summary>What <c>up</c> does with a home, as a function of what is there and what was asked. Pure.</summary>
public abstract record HomePlan
{
    private HomePlan() { }

    /// <summary>
    /// Make a cluster. Also the way on from an <c>up</c> that was interrupted: every step can be repeated.
    /// </summary>
    /// <param name="Resumes">Something of an earlier attempt is there.</param>
    public sealed record Create(ClusterSpec Spec, BackupSettings Backup, bool Resumes) : HomePlan
    {
        /// <summary>Set when it is to follow another cluster from the beginning.</summary>
        public Follower? Follower { get; init; }

        /// <summary>Null: no proxy.</summary>
        public ProxySettings? Proxy { get; init; }
    }

    /// <summary>The cluster is there and nobody looks after it.</summary>
    public sealed record Start(ClusterSpec Spec, ulong? SystemIdentifier) : HomePlan
    {
        /// <summary>Null: no proxy.</summary>
        public ProxySettings? Proxy { get; init; }
    }

    /// <summary>The cluster is there and is looked after.</summary>
    public sealed record Report(ClusterSpec Spec) : HomePlan
    {
        /// <summary>Null: no proxy.</summary>
        public ProxySettings? Proxy { get; init; }
    }

    public sealed record Refuse(Failure Failure) : HomePlan;

    public static HomePlan For(HomeFinding found, UpRequest asked, HomeLayout home)
    {
        if (WhyUnusable(found, home) is { } failure)
            return new Refuse(failure);
        if (found.BeingRestored)
            return new Refuse(Restoring(home));
        return found.Store switch
        {
            StoreFinding.Holds held => Existing(held, found, asked, home),
            StoreFinding.Unreadable damaged => new Refuse(Damaged(damaged, home)),
            StoreFinding.Missing or StoreFinding.Blank when !found.WithData.IsEmpty =>
                new Refuse(WithoutStore(found, home)),
            StoreFinding.Missing or StoreFinding.Blank =>
                new Create(asked.SpecFor(home), asked.BackupFor(home), Resumes: found.Place == HomePlace.Occupied)
                {
                    Proxy = asked.ProxyFor(home),
                },
            _ => throw new InvalidOperationException($"unknown finding {found.Store}"),
        };
    }

    private static HomePlan Existing(StoreFinding.Holds held, HomeFinding found, UpRequest asked, HomeLayout home)
    {
        var contradictions = asked.ContradictionsWith(held.Spec, held.Backup, held.Proxy);
        if (!contradictions.IsEmpty)
            return new Refuse(
                new Failure(ErrorCatalogue.ContradictsSpec, $"{home.Root} holds the cluster '{held.Spec.Name}' already")
                    .Asked(string.Join("\n", contradictions))
                    .Try("pgmahout up", "pgmahout up --home ANOTHER ...    (a second cluster)"));
        return found.SupervisorPid is null && !found.KeptByUnits
            ? new Start(held.Spec, held.SystemIdentifier) { Proxy = held.Proxy }
            : new Report(held.Spec) { Proxy = held.Proxy };
    }

    private static Failure? WhyUnusable(HomeFinding found, HomeLayout home) => found.Place switch
    {
        HomePlace.NotADirectory =>
            new Failure(ErrorCatalogue.HomeNotUsable, $"{home.Root} is not a directory").Try("pgmahout up --home DIR"),
        HomePlace.Unreadable => new Failure(ErrorCatalogue.HomeNotUsable, $"{home.Root} cannot be read")
            .Because("this user has no permission")
            .Try("pgmahout up --home DIR"),
        HomePlace.Occupied when found.Store is StoreFinding.Missing && !found.Strangers.IsEmpty =>
            new Failure(ErrorCatalogue.HomeNotOurs, $"{home.Root} is not empty and holds no pgmahout cluster")
                .Because($"there is {string.Join(", ", found.Strangers.Take(5))}")
                .Try("pgmahout up --home DIR    (a directory that is empty or does not exist)"),
        HomePlace.Occupied or HomePlace.Empty or HomePlace.Missing => null,
    };

    private static Failure Restoring(HomeLayout home) =>
        new Failure(ErrorCatalogue.RestoreUnfinished, "a restore of the whole cluster was begun and is not done")
            .Because($"{home.RestoreMark} says so")
            .Try(
                "pgmahout restore --in-place --at POINT    (goes on)",
                "pgmahout down --destroy    (gives all of it up)");

    private static Failure WithoutStore(HomeFinding found, HomeLayout home) =>
        new Failure(ErrorCatalogue.StoreMissing, $"{home.Root} has data of members and no store")
            .Because(
                $"{home.StoreFile} is missing or blank, and {string.Join(", ", found.WithData)} have data directories")
            .Try(
                $"cp COPY {home.StoreFile}    (bring the store back from a copy, then: pgmahout up)",
                "pgmahout down --destroy    (if the data is not needed)");

    private static Failure Damaged(StoreFinding.Unreadable damaged, HomeLayout home) =>
        new Failure(ErrorCatalogue.StoreDamaged, $"the store {home.StoreFile} cannot be read")
            .Because(damaged.Reason)
            .Try(
                $"cp COPY {home.StoreFile}    (bring the store back from a copy, then: pgmahout up)",
                "pgmahout down --destroy    (if the data is not needed)");
}

using PgMahout.Agent.Home;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Starting;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class HomePlanTests
{
    private static readonly HomeLayout Home = new("/var/lib/pgmahout");
    private static readonly UpRequest Plain = new(null, null, null, null, null);
    private static readonly HomeFinding Missing = new(HomePlace.Missing, [], new StoreFinding.Missing(), [], null);
    private static readonly HomeFinding Ours = new(
        HomePlace.Occupied, [], new StoreFinding.Holds(Plain.SpecFor(Home), 42), [new MemberName("m1")], null);

    private static ErrorKind Refusal(HomeFinding found, UpRequest asked) =>
        Assert.IsType<HomePlan.Refuse>(HomePlan.For(found, asked, Home)).Failure.Kind;

    [Fact]
    public void Where_nothing_is_a_cluster_is_created()
    {
        var create =
            Assert.IsType<HomePlan.Create>(HomePlan.For(Missing, Plain with { Members = 2, Port = 6000 }, Home));

        Assert.False(create.Resumes);
        Assert.Equal(
            [("m1", 6000), ("m2", 6001)], create.Spec.Members.Select(member => (member.Name.Text, member.Port)));
        Assert.Equal(Durability.Quorum, create.Spec.Durability);
    }

    [Fact]
    public void A_new_cluster_is_backed_up_from_its_first_moment_unless_that_is_refused()
    {
        BackupSettings Of(UpRequest asked) => Assert.IsType<HomePlan.Create>(HomePlan.For(Missing, asked, Home)).Backup;

        Assert.Equal(
            [("main", "/var/lib/pgmahout/backup")],
            Of(Plain).Repositories.Select(repository => (repository.Name, repository.Address)));
        Assert.Equal(BackupSchedule.Default, Of(Plain).Schedule);
        Assert.Equal("/mnt/backup", Of(Plain with { Repository = "/mnt/backup" }).Repositories.Single().Address);
        Assert.Equal(BackupSettings.None, Of(Plain with { Repository = "none" }));
    }

    [Fact]
    public void A_new_cluster_has_one_address_for_clients_unless_that_is_refused()
    {
        (int, int)? Of(UpRequest asked) =>
            Assert.IsType<HomePlan.Create>(HomePlan.For(Missing, asked, Home)).Proxy is { } proxy
                ? (proxy.WritePort, proxy.ReadPort)
                : null;

        Assert.Equal((5440, 5441), Of(Plain));
        Assert.Equal((6008, 6009), Of(Plain with { Port = 6000 }));
        Assert.Equal((7000, 7001), Of(Plain with { ProxyPort = 7000 }));
        Assert.Null(Of(Plain with { ProxyPort = 0 }));
    }

    [Fact]
    public void A_wish_for_another_proxy_than_there_is_contradicts_it()
    {
        var held = (StoreFinding.Holds)Ours.Store;
        var with = Ours with { Store = held with { Proxy = Plain.ProxyFor(Home) } };

        Assert.Equal(ErrorCatalogue.ContradictsSpec, Refusal(with, Plain with { ProxyPort = 7000 }));
        Assert.Equal(ErrorCatalogue.ContradictsSpec, Refusal(with, Plain with { ProxyPort = 0 }));
        Assert.Equal(ErrorCatalogue.ContradictsSpec, Refusal(Ours, Plain with { ProxyPort = 7000 }));
        Assert.IsType<HomePlan.Start>(HomePlan.For(with, Plain with { ProxyPort = 5440 }, Home));
        Assert.IsType<HomePlan.Start>(HomePlan.For(Ours, Plain with { ProxyPort = 0 }, Home));
    }

    [Fact]
    public void A_wish_for_the_repository_that_is_there_contradicts_nothing()
    {
        var archived = Ours with
        {
            Store = new StoreFinding.Holds(Plain.SpecFor(Home), 42) { Backup = Plain.BackupFor(Home) },
        };

        Assert.IsType<HomePlan.Start>(
            HomePlan.For(archived, Plain with { Repository = "/var/lib/pgmahout/backup" }, Home));
        Assert.Equal(ErrorCatalogue.ContradictsSpec, Refusal(archived, Plain with { Repository = "none" }));
        Assert.Equal(ErrorCatalogue.ContradictsSpec, Refusal(archived, Plain with { Repository = "/mnt/backup" }));
    }

    [Fact]
    public void A_creation_that_was_interrupted_is_done_again()
    {
        var found = Missing with { Place = HomePlace.Occupied, Store = new StoreFinding.Blank() };

        Assert.True(Assert.IsType<HomePlan.Create>(HomePlan.For(found, Plain, Home)).Resumes);
    }

    [Fact]
    public void A_cluster_that_nobody_looks_after_is_started() =>
        Assert.IsType<HomePlan.Start>(HomePlan.For(Ours, Plain, Home));

    [Fact]
    public void A_cluster_that_is_looked_after_is_reported() =>
        Assert.IsType<HomePlan.Report>(HomePlan.For(Ours with { SupervisorPid = 7 }, Plain, Home));

    [Fact]
    public void Options_that_the_cluster_fulfils_already_contradict_nothing() =>
        Assert.IsType<HomePlan.Start>(
            HomePlan.For(Ours, Plain with { Members = 3, Port = 5432, Name = "pgmahout" }, Home));

    [Fact]
    public void Each_option_that_the_cluster_does_not_fulfil_is_refused() => Assert.All(
        [
            Plain with { Members = 5 },
            Plain with { Port = 6000 },
            Plain with { Durability = Durability.Async },
            Plain with { Rto = TimeSpan.FromSeconds(9) },
            Plain with { Name = "shop" },
        ],
        asked => Assert.Equal(ErrorCatalogue.ContradictsSpec, Refusal(Ours, asked)));

    [Fact]
    public void Data_without_a_store_is_never_given_a_new_store()
    {
        Assert.Equal(ErrorCatalogue.StoreMissing, Refusal(Ours with { Store = new StoreFinding.Missing() }, Plain));
        Assert.Equal(ErrorCatalogue.StoreMissing, Refusal(Ours with { Store = new StoreFinding.Blank() }, Plain));
    }

    [Fact]
    public void A_home_that_is_half_restored_is_not_started() => Assert.Equal(
        ErrorCatalogue.RestoreUnfinished, Refusal(Ours with { BeingRestored = true }, Plain));

    [Fact]
    public void A_damaged_store_is_never_replaced() =>
        Assert.Equal(
            ErrorCatalogue.StoreDamaged, Refusal(Ours with { Store = new StoreFinding.Unreadable("bad") }, Plain));

    [Fact]
    public void Somebody_elses_directory_is_left_alone() => Assert.Equal(
        ErrorCatalogue.HomeNotOurs,
        Refusal(Missing with { Place = HomePlace.Occupied, Strangers = ["thesis.tex"] }, Plain));

    [Fact]
    public void A_file_or_a_locked_directory_is_no_home()
    {
        Assert.Equal(ErrorCatalogue.HomeNotUsable, Refusal(Missing with { Place = HomePlace.NotADirectory }, Plain));
        Assert.Equal(ErrorCatalogue.HomeNotUsable, Refusal(Missing with { Place = HomePlace.Unreadable }, Plain));
    }
}

using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Rejoin;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class ObservationTests
{
    private static readonly SynchronousSet OneOfB = SynchronousSet.Of(1, [new MemberName("b")]);

    [Fact]
    public void Barrier_is_unset_until_a_change_had_time_to_spread_and_then_stays()
    {
        var barrier = new SettledBarrier();
        var start = Instant.Zero;

        Assert.Null(barrier.Observe(OneOfB, new Lsn(10), start));
        Assert.Null(barrier.Observe(OneOfB, new Lsn(20), start + SettledBarrier.Spreading / 2));
        Assert.Equal(new Lsn(30), barrier.Observe(OneOfB, new Lsn(30), start + SettledBarrier.Spreading));
        Assert.Equal(new Lsn(30), barrier.Observe(OneOfB, new Lsn(40), start + SettledBarrier.Spreading * 5));
        Assert.Null(barrier.Observe(SynchronousSet.Nobody, new Lsn(50), start + SettledBarrier.Spreading * 6));
    }

    [Fact]
    public void Change_that_came_and_went_between_two_looks_moves_the_barrier()
    {
        var barrier = new SettledBarrier();
        barrier.Observe(OneOfB, new Lsn(10), Instant.Zero);
        barrier.Observe(OneOfB, new Lsn(10), Instant.Zero + SettledBarrier.Spreading);

        barrier.Reset();

        Assert.Null(barrier.Observe(OneOfB, new Lsn(20), Instant.Zero + SettledBarrier.Spreading * 2));
    }

    [Theory]
    [InlineData(90, 100, 0u, 1u, 100)]
    [InlineData(150, 100, 2u, 2u, 150)]
    [InlineData(90, 100, 2u, 1u, 100)]
    public void Received_is_what_lies_further_with_the_timeline_it_lies_on(
        ulong received, ulong replayed, uint receiving, uint timeline, ulong lsn)
    {
        var position = new ReceivedPosition();

        var seen = position.Observe(Standby(received, replayed, receiving));

        Assert.Equal(new WalPosition(new TimelineId(timeline), new Lsn(lsn)), seen);
    }

    [Fact]
    public void Timeline_of_received_wal_is_remembered_when_the_receiver_is_gone()
    {
        var position = new ReceivedPosition();
        position.Observe(Standby(150, 100, 2));

        var seen = position.Observe(Standby(160, 100, 0));

        Assert.Equal(new WalPosition(new TimelineId(2), new Lsn(160)), seen);
    }

    [Theory]
    [InlineData("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15, "15.18")]
    [InlineData("postgres (PostgreSQL) 18beta2", 18, "18beta2")]
    public void Version_is_found_in_what_the_server_prints(string printed, int major, string version)
    {
        Assert.Equal((major, version), PostgresBinaries.ParseVersion(printed));
    }

    [Fact]
    public void Process_name_may_hold_what_separates_the_fields()
    {
        const string Stat = "42 (post) gres) S 1 42 42 34816 42 4194560 1 0 0 0 5 6 0 0 20 0 1 0 987 1000";

        var status = ProcessStatus.Parse(Stat);

        Assert.Equal(new ProcessStatus("post) gres", 'S', 34816, 987), status);
    }

    [Theory]
    [InlineData("postgres: demo/a: walreceiver streaming 0/3000148", true)]
    [InlineData("postgres: walreceiver ", true)]
    [InlineData("postgres: demo/a: startup recovering 000000010000000000000003", false)]
    [InlineData("postgres: demo/a: postgres walreceiver 127.0.0.1(4711) idle", false)]
    [InlineData("/usr/lib/postgresql/15/bin/postgres -D /data", false)]
    public void Receiver_is_told_by_the_beginning_of_its_title(string title, bool receiver)
    {
        Assert.Equal(receiver, WalReceivers.IsReceiver(title));
    }

    [Fact]
    public void Progress_of_a_clone_is_read_from_its_tool()
    {
        var progress = Rebuild.ParseProgress("  23187/31026 kB (74%), 0/1 tablespace");

        Assert.Equal(new CloneProgress(ByteSize.Kilobytes(23187), ByteSize.Kilobytes(31026)), progress);
        Assert.Null(Rebuild.ParseProgress("pg_basebackup: starting background WAL receiver"));
    }

    private static ServerAnswer.Standby Standby(ulong received, ulong replayed, uint receiving) =>
        new(1, new Lsn(replayed), new Lsn(received), new WalPosition(TimelineId.First, new Lsn(replayed)),
            receiving == 0 ? null : new ReceiverRow(true, new TimelineId(receiving), "h", 1), "", "", []);
}

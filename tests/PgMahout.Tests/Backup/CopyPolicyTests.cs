using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Backup;

/// <summary>When a repository gives a member its data, and when the leader does.</summary>
public sealed class CopyPolicyTests
{
    private static readonly Lsn Start = Backups.Segment(1);
    private static readonly ByteSize Size = ByteSize.Megabytes(1000);

    [Fact]
    public void A_backup_whose_wal_reaches_what_the_leader_keeps_is_taken()
    {
        Assert.NotNull(Decide(CopyOrigin.Auto, reach: 500, keptFrom: 500));
        Assert.NotNull(Decide(CopyOrigin.Auto, reach: 500, keptFrom: 0));
    }

    [Fact]
    public void One_behind_which_wal_would_be_missing_is_not()
    {
        Assert.Null(Decide(CopyOrigin.Auto, reach: 500, keptFrom: 501));
        Assert.Null(Decide(CopyOrigin.Repository, reach: 500, keptFrom: 501));
    }

    [Fact]
    public void Replaying_more_than_there_is_to_copy_is_only_done_when_it_was_asked_for()
    {
        Assert.Null(Decide(CopyOrigin.Auto, reach: 1001, keptFrom: 0));
        Assert.NotNull(Decide(CopyOrigin.Repository, reach: 1001, keptFrom: 0));
    }

    [Fact]
    public void Without_a_backup_of_that_history_the_reason_is_told()
    {
        var source = new CopySource(Start, Size);

        Assert.Null(CopyPolicy.Decide(CopyOrigin.Auto, new RestoreAnswer.NoBackup(), source, out var none));
        Assert.Null(CopyPolicy.Decide(CopyOrigin.Auto, new RestoreAnswer.Outside([]), source, out var unusable));

        Assert.NotEmpty(none);
        Assert.NotEqual(none, unusable);
    }

    private static RestorePlan? Decide(CopyOrigin wanted, long reach, long keptFrom)
    {
        var backup = Backups.Full("a", 1, 0);
        var plan = new RestorePlan(
            [backup], TimelineHistory.Initial, new ResolvedTarget(null, false, null), After(reach));
        var decided = CopyPolicy.Decide(
            wanted, new RestoreAnswer.Possible(plan), new CopySource(After(keptFrom), Size), out var refusal);
        Assert.Equal(decided is null, refusal.Length > 0);
        return decided;
    }

    private static Lsn After(long megabytes) => new(Start.Value + (ulong)ByteSize.Megabytes(megabytes).Bytes);
}

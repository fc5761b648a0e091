using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>Two clusters, of which one follows the other.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind NoRegion = new("REG-001", ExitCode.NotFound,
        "This cluster stands alone: it neither follows another one nor is followed. `pgmahout up --follow HOME` makes "
        + "a second cluster that follows the one in that home; on hosts `pgmahout deploy` does, with follows: in its "
        + "file.");

    public static readonly ErrorKind RegionUnreachable = new("REG-002", ExitCode.Unreachable,
        "What was asked for needs both regions, and the store of the other one cannot be read from here. A region that "
        + "is lost is left behind by `pgmahout region failover`, in the one that is to lead.");

    public static readonly ErrorKind RegionNotReady = new("REG-003", ExitCode.Refused,
        "The leadership cannot move to the other region without loss now, and the reason is shown. Nothing was "
        + "changed.");

    public static readonly ErrorKind RegionTakenBack = new("REG-004", ExitCode.Failed,
        "A planned change between regions did not come to its end, and was taken back: the region that led is told to "
        + "lead again. Nothing is lost. What stopped it is shown.");

    public static readonly ErrorKind RegionUnfinished = new("REG-005", ExitCode.Unreachable,
        "A change between regions is decided and not finished. `pgmahout region status` shows how far it is; the same "
        + "command, run again, goes on from there.");

    public static readonly ErrorKind RegionRole = new("REG-006", ExitCode.Refused,
        "This cluster has another part in the pair than the command is for: one region leads and the other follows. "
        + "`pgmahout region status` shows which is which.");

    public static readonly ErrorKind RegionPairing = new("REG-007", ExitCode.Refused,
        "A cluster cannot be made to follow that one: it has no data yet, has a twin already, or has a member called "
        + "other_region, which is what a standby leader calls the other region.");
}

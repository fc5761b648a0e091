using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>Bringing lost things back, and looking at the past.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind NotLost = new("UND-001", ExitCode.NotFound,
        "No loss of that name is in the WAL that was looked through. `pgmahout undo list --all` shows what was lost, "
        + "and --since looks further back.");

    public static readonly ErrorKind LossAmbiguous = new("UND-002", ExitCode.Usage,
        "The name fits different things that were lost. Give the whole name, or say with --lsn which one. Nothing was "
        + "changed.");

    public static readonly ErrorKind UndoRefused = new("UND-003", ExitCode.Refused,
        "It cannot be brought back like this, and the reason is shown: no point of the repository is before the loss, "
        + "the space does not suffice, or the name is taken. Nothing was changed.");

    public static readonly ErrorKind UndoFailed = new("UND-004", ExitCode.Failed,
        "Bringing something back did not come to its end. The cluster's own tables are as they were: what was brought "
        + "is put in place by one transaction at the very end. The same command can be run again.");
}

using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>A cluster on several hosts.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind NotFromOneHost = new("HST-001", ExitCode.Refused,
        "The cluster is on several hosts, and this home is one of them. What was asked for concerns files or "
        + "processes of the others as well, which only `pgmahout deploy`, run by the operator, or a command on that "
        + "host reaches.");

    public static readonly ErrorKind HostFileUnreadable = new("HST-002", ExitCode.Failed,
        "`host.json` in the home says where the store of a cluster on several hosts is. Without it nothing of the "
        + "cluster can be found from this host. `pgmahout deploy` writes it again.");

    public static readonly ErrorKind WrongAccount = new("HST-003", ExitCode.Failed,
        "Root acts in the home of a host as the account that owns it, so that no file becomes one that the agent "
        + "cannot use. That account could not be taken.");
}

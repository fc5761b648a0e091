using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>The one address for clients.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind NoProxy = new("PRX-001", ExitCode.NotFound,
        "The cluster has no proxy: clients connect to its members directly. `pgmahout proxy settings --port PORT` "
        + "gives it one.");

    public static readonly ErrorKind ProxyDown = new("PRX-002", ExitCode.Degraded,
        "The cluster has a proxy, and it does not run or does not listen. Its supervisor starts it again and again; "
        + "its log says why it ends. Clients can use `pgmahout uri --direct` meanwhile.");

    public static readonly ErrorKind ProxyPaused = new("PRX-003", ExitCode.Ok,
        "An operator has paused the proxy: transactions that run may end, nothing new begins, and clients wait.");

    public static readonly ErrorKind ProxyMoves = new("PRX-004", ExitCode.Ok,
        "The proxy has another address in its settings than the one it listens on. It takes the new one when it is "
        + "restarted, and clients must know it by then.");

    public static readonly ErrorKind ProxyStays = new("PRX-006", ExitCode.Refused,
        "Another process was started to take the proxy's place, and did not come to listen. The one that listened "
        + "goes on with all its clients. The proxy's log says why. An address that the proxy shall have from now on "
        + "and that overlaps with its present one needs `pgmahout proxy restart --now`, which ends its clients' "
        + "connections.");

    public static readonly ErrorKind ProxySilent = new("PRX-005", ExitCode.Unreachable,
        "The proxy did not answer, or not in time. Whether it did as asked is shown by `pgmahout proxy show`.");
}

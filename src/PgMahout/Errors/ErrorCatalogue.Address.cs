using PgMahout.CommandLine;

namespace PgMahout.Errors;

/// <summary>The address that goes with the leadership.</summary>
public static partial class ErrorCatalogue
{
    public static readonly ErrorKind AddressDuplicate = new("VIP-001", ExitCode.Degraded,
        "Before the leader's host takes the virtual address, it asks the neighbours whether anybody has it, and "
        + "somebody answers; his hardware address is shown. A former leader's host loses the address before its lease "
        + "can be taken, so this is most often a machine that was given the same address by hand or by DHCP. It is "
        + "asked again twice a second, and the address is taken once nobody answers. `ip neigh` and the switch's "
        + "table say where that hardware address is.");

    public static readonly ErrorKind AddressMissing = new("VIP-002", ExitCode.Degraded,
        "A member leads, and its host does not have the virtual address: clients that use it reach nobody. Right "
        + "after a change of the leader that is so for some tenths of a second. If it lasts, the unit "
        + "pgmahout-address on that host does not run, has not its privileges (CAP_NET_ADMIN, CAP_NET_RAW), or the "
        + "interface is down or has another name; its journal says which. PostgreSQL and the proxies can be reached "
        + "at their own addresses.");

    public static readonly ErrorKind AddressUnkept = new("VIP-003", ExitCode.Ok,
        "On the host of a standby the process that would take the virtual address does not run. Nothing is missing "
        + "until that member leads.");
}

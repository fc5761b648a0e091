using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Addressing;

/// <summary>All that a decision about the virtual address depends on: this host and its clock.</summary>
/// <param name="Word">What the agent of this host's member said last; null: nothing yet.</param>
/// <param name="Deadline">
/// When PostgreSQL of this member must be dead unless the lease is renewed; null: nothing demands it, so it is no
/// leader.
/// </param>
/// <param name="Held">The address on the interface; null: it is not there.</param>
/// <param name="Probe">The latest look for somebody else who has it; null: none yet.</param>
public sealed record AddressView(
    Instant Now, LeaseWord? Word, Instant? Deadline, HeldAddress? Held, AddressProbe? Probe);

/// <summary>An agent's own word. It stays true when the agent falls silent: the deadline ends what it allows.</summary>
/// <param name="Holds">The epoch of the lease that its member holds; null: none.</param>
/// <param name="Serving">Whether its server is a primary that is not about to stop; null: not looked at yet.</param>
public sealed record LeaseWord(Epoch? Holds, bool? Serving);

/// <summary>The address, as the kernel has it.</summary>
/// <param name="Until">When the kernel takes it away by itself, at the earliest; null: never.</param>
/// <param name="Since">When it was put there, or first seen.</param>
/// <param name="Announced">How often the neighbours were told since.</param>
public sealed record HeldAddress(Instant? Until, Instant Since, int Announced);

/// <summary>A question to the neighbours: does anybody have this address?</summary>
/// <param name="Ended">Null while the answers are awaited.</param>
/// <param name="Owner">Whose hardware address answered; null: nobody's.</param>
public sealed record AddressProbe(Instant Begun, Instant? Ended, HardwareAddress? Owner);

namespace PgMahout.Core.Addressing;

/// <summary>Why the address is handled as it is.</summary>
public enum AddressRule
{
    /// <summary>This member does not lead, or its server does not serve: the address is not its own.</summary>
    LeaveToLeader,

    /// <summary>The agent has not said how things are: nothing is taken, and nothing is prolonged.</summary>
    AwaitWord,

    /// <summary>It leads and does not serve yet: the neighbours are asked meanwhile.</summary>
    PrepareToTake,

    /// <summary>It serves, and whether the address is free is being found out.</summary>
    AskNeighbours,

    /// <summary>Somebody else answers for the address.</summary>
    YieldToDuplicate,

    /// <summary>Less of the lease is left than the kernel can count: the next renewal is awaited.</summary>
    AwaitRenewal,

    TakeAddress,
    KeepAddress,
}

/// <summary>What is to be done now.</summary>
public abstract record AddressStep
{
    private AddressStep() { }

    public sealed record Wait : AddressStep;

    /// <summary>Ask the neighbours, without being in anybody's way.</summary>
    public sealed record Probe : AddressStep;

    /// <summary>Put the address on the interface, or give it a new end there.</summary>
    /// <param name="Seconds">After which the kernel takes it away by itself; at least 1.</param>
    /// <param name="IsTaken">It was not there before.</param>
    public sealed record Put(int Seconds, bool IsTaken) : AddressStep;

    /// <summary>Tell the neighbours where the address is.</summary>
    public sealed record Announce : AddressStep;

    /// <summary>End the connections that it has, and take it off the interface.</summary>
    public sealed record Drop : AddressStep;
}

/// <param name="WakeWithin">When to look again at the latest, unless something happens before.</param>
public sealed record AddressDecision(AddressRule Rule, AddressStep Step, TimeSpan WakeWithin);

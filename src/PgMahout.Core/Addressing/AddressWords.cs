namespace PgMahout.Core.Addressing;

/// <summary>Each rule as a sentence for people.</summary>
public static class AddressWords
{
    public static string Of(AddressRule rule) => rule switch
    {
        AddressRule.LeaveToLeader => "another member leads, or none; the address is not this host's",
        AddressRule.AwaitWord => "the agent has not said yet whether its member leads",
        AddressRule.PrepareToTake => "the member leads, and its server does not serve",
        AddressRule.AskNeighbours => "the neighbours are asked whether anybody has the address",
        AddressRule.YieldToDuplicate => "somebody else has the address; it is not taken before he lets go of it",
        AddressRule.AwaitRenewal => "too little of the lease is left; the next renewal is awaited",
        AddressRule.TakeAddress => "the address is taken",
        AddressRule.KeepAddress => "the address is here",
    };
}

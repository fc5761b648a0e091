using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Addressing;

/// <summary>
/// Who has the virtual address: the member that holds the lease and serves, until shortly before its lease could be
/// taken. The kernel is the fence: the address is put on the interface with a lifetime that ends before the lease's
/// deadline, and gets a new one with each renewal; so it goes by itself when nobody is left to take it off.
/// </summary>
public static class AddressPolicy
{
    /// <summary>
    /// The kernel counts whole seconds, never ends a lifetime early, and is late by up to a quarter of a second, since
    /// it rounds its timers. (When another address of the machine was changed in the last second, it looks again a full
    /// second after that: then the taker's own question to the neighbours is what keeps the address single.)
    /// </summary>
    public static readonly TimeSpan KernelDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>The least <c>rto</c> whose lease is long enough for lifetimes in whole seconds.</summary>
    public static readonly TimeSpan ShortestRto = TimeSpan.FromSeconds(2);

    /// <summary>A process that runs takes the address off this long before the deadline.</summary>
    public static readonly TimeSpan DropBefore = TimeSpan.FromMilliseconds(100);

    /// <summary>A new end that gains less is not worth a message to everybody who watches addresses.</summary>
    private static readonly TimeSpan LeastGain = TimeSpan.FromMilliseconds(300);

    /// <summary>That nobody answered is believed for this long.</summary>
    private static readonly TimeSpan ProbeHolds = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <summary>After it was taken: neighbours may miss one, and switches may be slow to open a port.</summary>
    private static readonly ImmutableArray<TimeSpan> Announcements =
    [
        TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1),
        TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5),
    ];

    /// <summary>For whoever was told something else since.</summary>
    private static readonly TimeSpan AnnounceEvery = TimeSpan.FromSeconds(10);

    public static AddressDecision Decide(AddressView view) => StandingOf(view) switch
    {
        Standing.Elsewhere => view.Held is null
            ? Wait(AddressRule.LeaveToLeader, Idle)
            : new AddressDecision(AddressRule.LeaveToLeader, new AddressStep.Drop(), Tick),
        Standing.Unsure => Wait(AddressRule.AwaitWord, Tick),
        Standing.Preparing => view.Held is null
            ? Ask(view, AddressRule.PrepareToTake) ?? Wait(AddressRule.PrepareToTake, Tick)
            : new AddressDecision(AddressRule.PrepareToTake, new AddressStep.Drop(), Tick),
        Standing.Serving => view.Held is { } held ? Keep(view, held) : Take(view),
    };

    /// <summary>In whole seconds, so that the kernel ends it before the deadline; 0: the lease is too short.</summary>
    public static int Lifetime(Instant now, Instant deadline) =>
        (int)Math.Clamp(Math.Floor((deadline - now - KernelDelay).TotalSeconds), 0, int.MaxValue);

    private enum Standing
    {
        /// <summary>The address is not to be here.</summary>
        Elsewhere,

        /// <summary>Nobody says; what is here may stay until its end.</summary>
        Unsure,

        /// <summary>The lease is won, and the server does not serve, not yet or not any more.</summary>
        Preparing,
        Serving,
    }

    private static Standing StandingOf(AddressView view)
    {
        if (view.Deadline is not { } deadline || view.Now >= deadline - DropBefore)
            return Standing.Elsewhere;
        return view.Word switch
        {
            null => Standing.Unsure,
            { Serving: null } => Standing.Unsure,
            { Holds: null } => Standing.Elsewhere,
            { Serving: true } => Standing.Serving,
            { Serving: false } => Standing.Preparing,
        };
    }

    private static AddressDecision Take(AddressView view)
    {
        if (Ask(view, AddressRule.AskNeighbours) is { } asking)
            return asking;
        var seconds = Lifetime(view.Now, view.Deadline!.Value);
        return seconds > 0
            ? new AddressDecision(
                AddressRule.TakeAddress, new AddressStep.Put(seconds, IsTaken: true), TimeSpan.Zero)
            : Wait(AddressRule.AwaitRenewal, Tick);
    }

    /// <summary>Null: nobody else has it, as far as is known.</summary>
    private static AddressDecision? Ask(AddressView view, AddressRule rule) => view.Probe switch
    {
        null => new AddressDecision(rule, new AddressStep.Probe(), Tick),
        { Ended: null } => Wait(rule, Tick),
        { Ended: { } ended, Owner: not null } => view.Now - ended >= AskAgain
            ? new AddressDecision(AddressRule.YieldToDuplicate, new AddressStep.Probe(), Tick)
            : Wait(AddressRule.YieldToDuplicate, Tick),
        { Ended: { } ended } when view.Now - ended > ProbeHolds =>
            new AddressDecision(rule, new AddressStep.Probe(), Tick),
        _ => null,
    };

    private static AddressDecision Keep(AddressView view, HeldAddress held)
    {
        var seconds = Lifetime(view.Now, view.Deadline!.Value);
        var gains = held.Until is not { } until || view.Now + TimeSpan.FromSeconds(seconds) >= until + LeastGain;
        if (seconds > 0 && gains)
            return new AddressDecision(
                AddressRule.KeepAddress, new AddressStep.Put(seconds, IsTaken: false), TimeSpan.Zero);
        return view.Now >= NextAnnouncement(held)
            ? new AddressDecision(AddressRule.KeepAddress, new AddressStep.Announce(), TimeSpan.Zero)
            : Wait(AddressRule.KeepAddress, Tick);
    }

    private static Instant NextAnnouncement(HeldAddress held) => held.Since + (held.Announced < Announcements.Length
        ? Announcements[held.Announced]
        : Announcements[^1] + AnnounceEvery * (held.Announced - Announcements.Length + 1));

    private static AddressDecision Wait(AddressRule rule, TimeSpan within) =>
        new(rule, new AddressStep.Wait(), within);
}

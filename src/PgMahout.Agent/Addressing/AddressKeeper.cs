using PgMahout.Core.Addressing;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Addressing;

/// <summary>
/// One address on one interface: sees whether it is there, and carries out what was decided of it. Nothing here
/// decides.
/// </summary>
internal sealed class AddressKeeper(VirtualAddress address, AddressTable table, Action probed)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(500);

    private NetworkCard? _card;
    private HardwareAddress? _owner;
    private volatile bool _isAsked;
    private volatile string? _failure;

    public VirtualAddress Address => address;

    /// <summary>As last seen; null: not there.</summary>
    public HeldAddress? Held { get; private set; }

    public AddressProbe? Probe { get; private set; }

    /// <summary>Who else has it, as far as is known; null: nobody.</summary>
    public HardwareAddress? Owner => Held is null ? _owner : null;

    /// <summary>What could not be done last; null: everything could.</summary>
    public string? Complaint => _card is null ? $"this host has no interface {address.Interface}" : _failure;

    /// <summary>Looks at the interface and the addresses that it has.</summary>
    public void Look()
    {
        _card = NetworkCard.Find(address.Interface);
        if (_card is null)
        {
            Held = null;
            return;
        }
        // Nothing seen is not the same as nothing there.
        if (table.Find(address.Address) is not { } places)
            return;
        var now = BootClock.Now();
        var place = places.FirstOrDefault(place => place.Interface == _card.Index);
        var until = place?.SecondsLeft is { } left ? now + TimeSpan.FromSeconds(left) : (Instant?)null;
        Held = place is null ? null
            // The kernel tells whole seconds only; what was asked for is known better.
            : Held is { } known ? known with { Until = until is null ? null : known.Until ?? until }
            : new HeldAddress(until, now, 0);
    }

    /// <summary>Carries a step out. False: it failed, and is not to be tried again at once.</summary>
    /// <param name="deadline">That what is put there must not outlive.</param>
    public bool Do(AddressStep step, Instant? deadline)
    {
        if (_card is not { } card)
            return false;
        switch (step)
        {
            case AddressStep.Wait:
                return true;
            case AddressStep.Probe:
                Ask(card);
                return true;
            case AddressStep.Put put:
                return Put(card, put, deadline);
            case AddressStep.Announce:
                Held = Held! with { Announced = Held.Announced + 1 };
                return Done(new Neighbourhood(card, address.Address).Announce());
            case AddressStep.Drop:
                return Drop(card);
            default:
                throw new InvalidOperationException($"unknown step {step}");
        }
    }

    private bool Put(NetworkCard card, AddressStep.Put put, Instant? deadline)
    {
        var at = BootClock.Now();
        var complaint = table.Put(card.Index, (address.Address, address.PrefixLength), put.Seconds);
        if (!Done(complaint))
            return false;
        var until = at + TimeSpan.FromSeconds(put.Seconds);
        Held = put.IsTaken || Held is null ? new HeldAddress(until, at, 0) : Held with { Until = until };
        Probe = null;
        // This process may have stood still between the decision and the deed.
        if (BootClock.Now() + TimeSpan.FromSeconds(put.Seconds) > deadline)
            return Drop(card);
        if (put.IsTaken)
            Say(Severity.Notice, $"{address} is taken, on {card.Name}");
        return true;
    }

    /// <summary>Whoever is connected to it is told before; later nobody could tell him.</summary>
    private bool Drop(NetworkCard card)
    {
        var (ended, unended) = Connections.End(address.Address);
        if (!Done(table.Remove(card.Index, (address.Address, address.PrefixLength))))
            return false;
        // One that was made meanwhile has nobody at its other end any more, and PostgreSQL, when it is shut down, waits
        // for whoever it has just begun to turn away.
        Connections.End(address.Address);
        Held = null;
        Probe = null;
        Say(
            Severity.Notice,
            $"{address} is given up, on {card.Name}; connections ended: {unended ?? $"{ended}"}");
        return true;
    }

    /// <summary>Beside the loop, since it takes a tenth of a second.</summary>
    private void Ask(NetworkCard card)
    {
        if (_isAsked)
            return;
        _isAsked = true;
        var begun = BootClock.Now();
        Probe = new AddressProbe(begun, null, null);
        _ = Task.Run(async () =>
        {
            var (owner, complaint) = new Neighbourhood(card, address.Address).Ask();
            if (Done(complaint))
                Tell(owner);
            else
                await Task.Delay(AfterFailure);
            // A question that could not be put is no answer.
            Probe = complaint is null ? new AddressProbe(begun, BootClock.Now(), owner) : null;
            _isAsked = false;
            probed();
        });
    }

    private void Tell(HardwareAddress? owner)
    {
        if (owner is not null && owner != _owner)
            Say(Severity.Warning, $"{address} is not taken: {owner} answers for it");
        _owner = owner;
    }

    private bool Done(string? complaint)
    {
        if (complaint is not null && complaint != _failure)
            Say(Severity.Error, $"{address}: {complaint}");
        _failure = complaint;
        return complaint is null;
    }

    private static void Say(Severity severity, string text) => Log.Write(severity, $"address: {text}");
}

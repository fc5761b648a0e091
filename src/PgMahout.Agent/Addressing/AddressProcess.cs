using System.Runtime.InteropServices;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Loop;
using PgMahout.Agent.Supervision;
using PgMahout.Core.Addressing;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Addressing;

/// <summary>
/// Keeps the virtual address on this host's interface while its member leads and serves. A process of its own, the only
/// one that may change the network. When it is told to end it gives the address up at once; by SIGHUP it leaves it
/// where it is, for the process that follows within a second. However else it ends or hangs, the kernel takes the
/// address away before the lease's deadline.
/// </summary>
public static class AddressProcess
{
    private const int NothingToKeep = 4;

    /// <returns>
    /// 0 after an orderly end, 4 when this home has no virtual address (any more), 5 when another process keeps it, 1
    /// when it could not begin.
    /// </returns>
    public static async Task<int> RunAsync(HomeLayout home, MemberName member, CancellationToken stopping)
    {
        using var alone = PidLock.TryTake(home.AddressLock);
        if (alone is null)
            return Say("another process keeps the address of this home", 5);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var leaves = false;
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            leaves = true;
            ending.Cancel();
        });
        using var deadline = LeaseDeadline.Open(home.DeadlineFile(member));
        using var table = AddressTable.Open();
        using var wake = new WakeSignal();
        using var unit = UnitNotice.TakeFromEnvironment();
        var word = new AgentWord(home, member, wake.Set);
        var listening = word.ListenAsync(ending.Token);
        var loop = new AddressLoop(home, new AddressMeans(table, word, deadline, wake, unit));
        try
        {
            return await loop.RunAsync(ending.Token)
                ? Say(leaves ? "ends, and leaves the address for the next" : "stopped", 0)
                : Say("this home has no virtual address", NothingToKeep);
        }
        finally
        {
            unit.Stopping();
            if (!leaves)
                loop.GiveUp();
            await ending.CancelAsync();
            await listening;
        }
    }

    private static int Say(string text, int code)
    {
        Log.Write(code == 0 ? Severity.Notice : Severity.Error, $"address: {text}");
        return code;
    }
}

/// <summary>What the loop works with.</summary>
internal sealed record AddressMeans(
    AddressTable Table, AgentWord Word, LeaseDeadline Deadline, WakeSignal Wake, UnitNotice Unit);

/// <summary>Look, decide, act, tell; then wait for time or for an event.</summary>
internal sealed class AddressLoop(HomeLayout home, AddressMeans means)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(1);

    private AddressKeeper? _keeper;
    private AddressReport? _said;
    private Task _writing = Task.CompletedTask;
    private Instant _readNext;

    /// <summary>False when there is no address to keep any more; true when it was told to stop.</summary>
    public async Task<bool> RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (Keeper() is not { } keeper)
                return false;
            keeper.Look();
            var deadline = means.Deadline.Read();
            var decision = AddressPolicy.Decide(new AddressView(
                BootClock.Now(), means.Word.Latest, deadline, keeper.Held, keeper.Probe));
            var isDone = keeper.Do(decision.Step, deadline);
            Tell(keeper, decision.Rule);
            means.Unit.Status($"{decision.Rule}: {AddressWords.Of(decision.Rule)}");
            means.Unit.Turned();
            var pause = isDone ? decision.WakeWithin : AfterFailure;
            await means.Wake.WaitAsync(pause, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        return true;
    }

    /// <summary>At once, because this process ends.</summary>
    public void GiveUp()
    {
        if (_keeper is not { } keeper)
            return;
        keeper.Look();
        if (keeper.Held is not null)
            keeper.Do(new AddressStep.Drop(), null);
    }

    /// <summary>As host.json says now: what it does not say any more is given up.</summary>
    private AddressKeeper? Keeper()
    {
        var now = BootClock.Now();
        if (_keeper is not null && now < _readNext)
            return _keeper;
        _readNext = now + ReadEvery;
        if (Wanted() is not { } wanted)
        {
            GiveUp();
            return _keeper = null;
        }
        if (_keeper?.Address == wanted)
            return _keeper;
        GiveUp();
        return _keeper = new AddressKeeper(wanted, means.Table, means.Wake.Set);
    }

    private VirtualAddress? Wanted()
    {
        try
        {
            return HostFile.Read(home)?.Address;
        }
        catch (InvalidDataException)
        {
            // In the middle of being written: it is read again.
            return _keeper?.Address;
        }
    }

    private void Tell(AddressKeeper keeper, AddressRule rule)
    {
        var now = BootClock.Now();
        var report = new AddressReport(
            keeper.Address.ToString(), keeper.Address.Interface, keeper.Held is not null, rule,
            keeper.Owner?.ToString(), keeper.Complaint, now);
        var isKnown = _said is { } before && before with { At = now } == report && now - before.At < ReadEvery;
        if (isKnown || !_writing.IsCompleted)
            return;
        _said = report;
        // A disk that hangs must not keep the address from being kept.
        _writing = Task.Run(() => Write(report));
    }

    private void Write(AddressReport report)
    {
        try
        {
            report.Write(home);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to stop keeping the address.
        }
    }
}

using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Rejoin;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// One member's PostgreSQL: observed, and told what to be. It launches no server (<see cref="ServerCommand"/> says how)
/// and keeps no belief about the server between calls except what <see cref="PostgresState"/> asks to be remembered
/// (since when, last seen). Observing and acting may overlap; actions wait for each other, except fencing.
/// Every action may be repeated, and ends within its limit plus the time to kill a child process.
/// </summary>
public sealed class PostgresInstance : IAsyncDisposable
{
    private static readonly ImmutableSortedDictionary<string, int> NoMinimums =
        ImmutableSortedDictionary<string, int>.Empty;

    private readonly InstanceContext _context;
    private readonly Lifecycle _lifecycle;
    private readonly RoleChanges _role;
    private readonly Initialization _initialization;
    private readonly OwnLogins _logins;
    private readonly WalInspection _wal;
    private readonly Rebuild _rebuild;

    public PostgresInstance(InstanceSettings settings)
    {
        _context = new InstanceContext(settings);
        _lifecycle = new Lifecycle(_context);
        _role = new RoleChanges(_context);
        _initialization = new Initialization(_context);
        _logins = new OwnLogins(_context);
        _wal = new WalInspection(_context);
        _rebuild = new Rebuild(_context);
    }

    public InstanceSettings Settings => _context.Settings;

    /// <summary>Every process of the data directory, for whoever must kill or count them.</summary>
    public ServerProcesses Processes => _context.Processes;

    /// <summary>
    /// Looks at the instance. Never throws for what an instance may be in, and never takes longer than
    /// <paramref name="limit"/> (plus scheduling): a server that does not answer is
    /// <see cref="PostgresState.Unresponsive"/>. Calls do not overlap.
    /// </summary>
    public ValueTask<PostgresState> ObserveAsync(TimeSpan limit, CancellationToken cancellation) =>
        _context.Observer.ObserveAsync(limit, cancellation);

    /// <summary>
    /// initdb and the configuration files. Wipes what an interrupted earlier run of ours left; nothing else.
    /// </summary>
    public Task<Outcome> InitializeAsync(TimeSpan limit, CancellationToken cancellation) =>
        _context.ActAsync("initializing", () => _initialization.InitializeAsync(limit, cancellation), cancellation);

    /// <summary>
    /// On a running primary: the replication role, with its password. Idempotent; waits for no standby.
    /// </summary>
    public Task<Outcome> CreateRolesAsync(TimeSpan limit, CancellationToken cancellation) =>
        _context.ActAsync("creating roles", () => _initialization.CreateRolesAsync(limit, cancellation), cancellation);

    /// <summary>
    /// On a running primary: the roles that the cluster itself logs in with can log in, with the passwords of its home.
    /// </summary>
    /// <returns>Those that had been changed, and were set back.</returns>
    public Task<Outcome<ImmutableArray<string>>> KeepLoginsAsync(TimeSpan limit, CancellationToken cancellation) =>
        _logins.KeepAsync(limit, cancellation);

    /// <summary>
    /// Takes other settings (a member came or went, another configuration) into the configuration files, and has the
    /// running server load them. The upstream and the synchronous set stay. Name, directories, address and account
    /// cannot change. It does not wait for the server, which may be busy: that is <see cref="AwaitReloadAsync"/>.
    /// </summary>
    /// <returns>Null when there is nothing to load.</returns>
    public async Task<Outcome<Reload?>> ReconfigureAsync(
        InstanceSettings settings, TimeSpan limit, CancellationToken cancellation)
    {
        Reload? reload = null;
        var outcome = await _context.ActAsync("reconfiguring", async () =>
        {
            _context.Adopt(settings);
            reload = await _role.ReconfigureAsync(limit, cancellation);
            return Outcome.Success;
        }, cancellation);
        return outcome.Failure is { } problem
            ? new Outcome<Reload?>.Failed(problem)
            : new Outcome<Reload?>.Done(reload);
    }

    /// <summary>Ends when the server has loaded its files; failed when it does not take them.</summary>
    public Task<Outcome> AwaitReloadAsync(Reload reload, TimeSpan limit, CancellationToken cancellation) =>
        _role.AwaitAsync(reload, limit, cancellation);

    /// <summary>What the running server says of itself beside what <see cref="ObserveAsync"/> asks.</summary>
    public Task<Outcome<ServerNotes>> ReadNotesAsync(TimeSpan limit, CancellationToken cancellation) =>
        _context.Commands.RunAsync("reading notes", ServerNotes.ReadAsync, limit, cancellation);

    /// <summary>
    /// Asks one server of the other region whether it is the primary there; null when it is in recovery. Where one was
    /// found is remembered for rewinds and clones.
    /// </summary>
    public async Task<Outcome<RegionWord?>> AskRegionAsync(
        RegionServer server, TimeSpan limit, CancellationToken cancellation)
    {
        var text = ConnectionText.Abroad(Settings, server.Host, server.Port);
        await using var connection = new CommandConnection(text);
        return await connection.RunAsync(
            $"asking {server.Host}:{server.Port}",
            (open, bound) => RegionQuery.AskAsync(open, server, bound), limit, cancellation);
    }

    public void RememberRegion(RegionServer server) => _context.RegionAt = server;

    /// <summary>
    /// What the primary was running with when this server last read its WAL; empty when that cannot be read.
    /// </summary>
    public Task<ImmutableSortedDictionary<string, int>> ReadStandbyMinimumsAsync(
        TimeSpan limit, CancellationToken cancellation) =>
        StandbyMinimums.ReadAsync(_context.Settings, limit, cancellation);

    /// <summary>Files of a stopped server, so that its next start is in recovery, following nobody when null.</summary>
    /// <param name="minimums">Settings that are raised to these for this run, or the server would refuse it.</param>
    public Outcome PrepareStandby(MemberName? upstream, ImmutableSortedDictionary<string, int>? minimums = null) =>
        _role.Prepare(standby: true, minimums ?? NoMinimums, standing => standing with { Upstream = upstream });

    /// <summary>Files of a stopped server, so that its next start is as a primary with this synchronous set.</summary>
    public Outcome PreparePrimary(SynchronousSet synchronous) =>
        _role.Prepare(standby: false, NoMinimums, _ => new AssignedRole(null, synchronous));

    /// <summary>
    /// Waits until it accepts connections; fails early when the postmaster has gone, with the end of its log.
    /// </summary>
    public Task<Outcome> WaitUntilServingAsync(TimeSpan limit, CancellationToken cancellation) =>
        _lifecycle.WaitUntilServingAsync(limit, cancellation);

    /// <summary>
    /// Stops the server; done when no process of it is left. A fast stop that exceeds <paramref name="limit"/> becomes
    /// an immediate one, and that one becomes <see cref="FenceAsync"/>: the outcome is still done.
    /// </summary>
    public Task<Outcome> StopAsync(StopMode mode, TimeSpan limit, CancellationToken cancellation) =>
        StopAsync(mode, limit, () => Task.CompletedTask, cancellation);

    /// <param name="parting">
    /// Awaited once the checkpoint is made that a fast stop begins with: what is asked of clients should last no longer
    /// than the stop itself. It has a bound of its own, beside <paramref name="limit"/>.
    /// </param>
    public Task<Outcome> StopAsync(
        StopMode mode, TimeSpan limit, Func<Task> parting, CancellationToken cancellation) =>
        _context.ActAsync("stopping", () => _lifecycle.StopAsync(mode, limit, parting, cancellation), cancellation);

    /// <summary>Kills every process of the data directory at once.</summary>
    public Task<Outcome> FenceAsync(TimeSpan limit) => _lifecycle.FenceAsync(limit);

    /// <summary>Ends recovery; done when the server is out of it. Does nothing on a primary.</summary>
    /// <param name="timeline">The number of the new timeline; one that is known here already is skipped.</param>
    public Task<Outcome> PromoteAsync(TimelineId timeline, TimeSpan limit, CancellationToken cancellation) =>
        _context.ActAsync("promoting", () => _lifecycle.PromoteAsync(timeline, limit, cancellation), cancellation);

    /// <summary>
    /// Points a running standby at <paramref name="upstream"/> by reload; done when the server has taken the setting,
    /// not when it streams. Repeated for the same upstream, it makes a standby that waits between two attempts try at
    /// once.
    /// </summary>
    public Task<Outcome> FollowAsync(MemberName upstream, TimeSpan limit, CancellationToken cancellation) =>
        _context.ActAsync("following", () => _role.FollowAsync(upstream, limit, cancellation), cancellation);

    /// <summary>
    /// Stops receiving WAL; done when no WAL receiver is left and none can log in, so that what it received is final
    /// until it is told to follow.
    /// </summary>
    public Task<Outcome> SealAsync(TimeSpan limit, CancellationToken cancellation) =>
        _context.ActAsync("sealing", () => _role.SealAsync(limit, cancellation), cancellation);

    /// <summary>Sets <c>synchronous_standby_names</c> by reload; done when the server has taken it.</summary>
    public Task<Outcome> SetSynchronousAsync(SynchronousSet set, TimeSpan limit, CancellationToken cancellation) =>
        _context.ActAsync(
            "setting the synchronous set", () => _role.SetSynchronousAsync(set, limit, cancellation), cancellation);

    /// <summary>
    /// Creates the slot if it is missing or void; moves it forward to <paramref name="advanceTo"/> if that is ahead and
    /// this server has it.
    /// </summary>
    public async Task<Outcome> KeepSlotAsync(
        string slot, Lsn? advanceTo, TimeSpan limit, CancellationToken cancellation) =>
        Plain(await _context.Commands.RunAsync(
            $"keeping slot {slot}",
            (connection, bound) => SlotKeeper.KeepAsync(connection, slot, advanceTo, bound), limit, cancellation));

    /// <summary>Drops the slot if it exists; cuts off whoever uses it.</summary>
    public async Task<Outcome> DropSlotAsync(string slot, TimeSpan limit, CancellationToken cancellation) =>
        Plain(await _context.Commands.RunAsync(
            $"dropping slot {slot}",
            (connection, bound) => SlotKeeper.DropAsync(connection, slot, bound), limit, cancellation));

    /// <summary>
    /// Where the stopped server's WAL ends, exactly: the end of its last whole record. Remembered for
    /// <see cref="ObserveAsync"/> until the server runs again or its directory is replaced.
    /// </summary>
    public Task<Outcome<WalPosition>> InspectWalAsync(TimeSpan limit, CancellationToken cancellation) =>
        _wal.InspectAsync(limit, cancellation);

    /// <summary>
    /// Of a stopped server: copies the WAL that <paramref name="source"/>'s history lacks to <c>salvage/TIMESTAMP/</c>
    /// in the member directory, and lists the transactions that committed there. The newest five are kept.
    /// </summary>
    public Task<Outcome<DivergenceReport>> SalvageAsync(
        TimelineHistory source, DateTimeOffset now, TimeSpan limit, CancellationToken cancellation) =>
        _wal.SalvageAsync(source, now, limit, cancellation);

    /// <summary>
    /// Of a stopped server: <c>pg_rewind</c> from the running primary <paramref name="source"/>; then our
    /// configuration, as a standby of it. A failed one can leave a directory that only <see cref="CloneAsync"/>
    /// repairs; the problem says so.
    /// </summary>
    public Task<Outcome> RewindAsync(MemberName source, TimeSpan limit, CancellationToken cancellation) =>
        FromAsync("rewinding", source, member => _rebuild.RewindAsync(member, limit, cancellation), cancellation);

    /// <summary>
    /// Of a stopped server, or where there is none: replaces the data directory by a copy of
    /// <paramref name="source"/>'s, as a standby of it. The copy is made beside the present directory, which goes only
    /// when the copy is whole, unless there is no room for both.
    /// </summary>
    public Task<Outcome> CloneAsync(
        MemberName source, IProgress<CloneProgress> progress, TimeSpan limit, CancellationToken cancellation) =>
        FromAsync(
            "cloning", source, member => _rebuild.CloneAsync(member, progress, limit, cancellation), cancellation);

    /// <summary>
    /// Like <see cref="CloneAsync"/>, but the copy is made by <paramref name="make"/>, while <paramref name="source"/>
    /// keeps the WAL that is to follow it.
    /// </summary>
    public Task<Outcome> RestoreAsync(
        MemberName source, Func<CopyPlace, Task<Outcome>> make, TimeSpan limit, CancellationToken cancellation) =>
        FromAsync(
            "restoring", source, member => _rebuild.RestoreAsync(member, make, limit, cancellation), cancellation);

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private Task<Outcome> FromAsync(
        string what, MemberName source, Func<MemberSpec, Task<Outcome>> rebuild, CancellationToken cancellation) =>
        _context.Other(source) is { } member
            ? _context.ActAsync(what, () => rebuild(member), cancellation)
            : Task.FromResult<Outcome>(new Outcome.Failed(Problems.UnknownMember(source)));

    private static Outcome Plain(Outcome<bool> outcome) =>
        outcome.Failure is { } problem ? new Outcome.Failed(problem) : Outcome.Success;
}

using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Asks the server now and then for what people want to know and no decision needs: settings that wait for a restart or
/// were set by hand, and who logs in. Two things it acts on: a standby that stopped replaying, because its primary was
/// given more of something than it has, is restarted, and then comes up with enough; and logins of the cluster itself
/// that were changed by hand are set back.
/// </summary>
internal sealed class ServerWatch(PostgresInstance instance, AgentState state)
{
    private const int LoginsKept = 500;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private ImmutableDictionary<SeenLogin, Instant> _logins = ImmutableDictionary<SeenLogin, Instant>.Empty;

    /// <summary>As last answered; null before that, and while the server does not answer.</summary>
    public ServerNotes? Notes { get; private set; }

    /// <summary>Who was connected since this agent began, and how long ago each was last seen.</summary>
    public ImmutableArray<(SeenLogin Login, TimeSpan Ago)> Logins
    {
        get
        {
            var now = BootClock.Now();
            lock (_gate)
                return [.. _logins.Select(one => (one.Key, now - one.Value))];
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(Every, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!stopping.IsCancellationRequested)
                await TryLookAsync(stopping);
        }
    }

    /// <summary>What one look did not foresee is told, and must not be the end of looking.</summary>
    private async Task TryLookAsync(CancellationToken stopping)
    {
        try
        {
            await LookAsync(stopping);
        }
        catch (Exception unexpected) when (unexpected is not (OutOfMemoryException or OperationCanceledException))
        {
            Notes = null;
            Console.Error.WriteLine(unexpected);
        }
    }

    /// <summary>Also by request, so that what is shown is not older than the question.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        if (state.Postmaster() is null)
        {
            Notes = null;
            return;
        }
        Notes = await instance.ReadNotesAsync(Limit, cancellation) is Outcome<ServerNotes>.Done { Value: var notes }
            ? notes
            : null;
        if (Notes is null)
            return;
        Remember(Notes.Logins);
        if (Notes.ReplayPaused && state.Memory.Request is null)
            await RestartIfTooLittleAsync(Notes, cancellation);
        if (state.Memory is { View.Postgres: PostgresState.Primary, Decision.Rule: Rule.KeepLeading })
            await KeepLoginsAsync(cancellation);
    }

    private async Task KeepLoginsAsync(CancellationToken cancellation)
    {
        if (!(await instance.KeepLoginsAsync(Limit, cancellation)).TryGet(out var changed) || changed.IsEmpty)
            return;
        state.Journal.Record(
            JournalKind.ConfigurationTakenBack,
            $"{string.Join(" and ", changed)}: changed by hand, and set back. The cluster itself logs in with that; "
            + "people and programs have roles of their own");
    }

    private async Task RestartIfTooLittleAsync(ServerNotes notes, CancellationToken cancellation)
    {
        var needed = await instance.ReadStandbyMinimumsAsync(Limit, cancellation);
        var missing = needed.Where(one => notes.StandbyMinimums.GetValueOrDefault(one.Key) < one.Value).ToArray();
        if (missing.Length == 0)
            return;
        state.Journal.Record(
            JournalKind.Restarted,
            $"{instance.Settings.Name} is restarted, because its primary has more: "
            + string.Join(", ", missing.Select(one => $"{one.Key} = {one.Value}")));
        state.Memory.Request = MemberRequest.Restart;
    }

    private void Remember(ImmutableArray<SeenLogin> logins)
    {
        var now = BootClock.Now();
        lock (_gate)
        {
            foreach (var login in logins)
                _logins = _logins.SetItem(login, now);
            while (_logins.Count > LoginsKept)
                _logins = _logins.Remove(_logins.MinBy(one => one.Value).Key);
        }
    }
}

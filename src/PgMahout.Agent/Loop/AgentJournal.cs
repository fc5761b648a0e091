using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Store;

namespace PgMahout.Agent.Loop;

/// <summary>
/// What this member tells the cluster's history. Entries are written beside the loop, in order, so that a slow store
/// never delays a decision; each is also a line in the agent's log.
/// </summary>
internal sealed class AgentJournal(MemberName self, IClusterStore store, AgentMemory memory)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly Channel<JournalEntry> _entries =
        Channel.CreateBounded<JournalEntry>(
            new BoundedChannelOptions(500) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Rules that say "all is as it should be" or "still waiting": not worth a line each time.</summary>
    private static bool IsNotable(Rule rule) => rule is not (
        Rule.KeepLeading or Rule.FollowLeader or Rule.AwaitOperation or Rule.AdjustSynchronous or Rule.AwaitPrimary
        or Rule.FollowHead or Rule.AwaitRenewal
        or Rule.AwaitStart or Rule.AwaitHeir or Rule.AwaitVotes or Rule.AwaitReadiness or Rule.AwaitBootstrap
        or Rule.ConfirmLease or Rule.PointAtLeader or Rule.InspectBeforeRejoin or Rule.AwaitAnswer);

    public void Record(JournalKind kind, string text, string? details = null)
    {
        var leadership = memory.Records.Leadership?.Value;
        TimelineId? timeline = memory.View?.Postgres switch
        {
            PostgresState.Primary primary => primary.Written.Timeline,
            PostgresState.Standby standby => standby.Received.Timeline,
            PostgresState.Stopped stopped => stopped.Timeline,
            _ => null,
        };
        var entry = new JournalEntry(
            0, TimeProvider.System.GetUtcNow(), self, kind, leadership?.Epoch ?? Epoch.Zero, timeline, text, details);
        Log.Write(SeverityOf(kind), $"{entry.At:yyyy-MM-ddTHH:mm:ss.fffZ} {self} {kind}: {text}");
        _entries.Writer.TryWrite(entry);
    }

    /// <summary>After a decision: what changed since the last turn that people will ask about.</summary>
    public void Compare(ClusterView? before, Rule? formerRule, ClusterView now, Decision decision)
    {
        if (before is not null && Served(before.Postgres) && now.Postgres is PostgresState.Stopped
            && before.Operation is null && now.Operation is null)
            Record(JournalKind.PostgresDied, $"PostgreSQL of {self} is gone: nobody here stopped it");
        if (formerRule != decision.Rule && IsNotable(decision.Rule))
            Record(JournalKind.Decision, $"{decision.Rule}: {RuleText.Meaning(decision.Rule)}", Candidates(now));
    }

    public async Task WriteAllAsync(CancellationToken cancellation)
    {
        await foreach (var entry in _entries.Reader.ReadAllAsync(cancellation))
            await store.AppendAsync(entry, Limit, cancellation);
    }

    /// <summary>Everybody as a successor, with the reasons against them, as JSON for <c>history show</c>.</summary>
    private static string? Candidates(ClusterView view)
    {
        if (view.Leadership is null || !view.Store.IsFresh)
            return null;
        ImmutableArray<Candidate> candidates = Standings.Of(view) switch
        {
            Standing.Holding when view.Postgres is PostgresState.Stopped => Election.Heirs(view),
            Standing.Expired or Standing.Released => Election.Count(view).Candidates,
            Standing.NeverLed or Standing.Holding or Standing.Unconfirmed or Standing.OtherHolds => [],
        };
        if (candidates.IsEmpty)
            return null;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var candidate in candidates)
            {
                json.WriteStartObject();
                json.WriteString("member", candidate.Name.Text);
                json.WriteString("position", candidate.Position?.ToString());
                json.WriteString("whyNot", candidate.Disqualified);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static Severity SeverityOf(JournalKind kind) => kind switch
    {
        JournalKind.PostgresDied or JournalKind.Fenced or JournalKind.OperationFailed or JournalKind.BackupFailed =>
            Severity.Error,
        JournalKind.Failover or JournalKind.SwitchoverRefused or JournalKind.Degraded or JournalKind.ArchiveGap
            or JournalKind.Rewound or JournalKind.Cloned => Severity.Warning,
        JournalKind.Bootstrap or JournalKind.Switchover or JournalKind.Restarted or JournalKind.Rejoined
            or JournalKind.Paused or JournalKind.Resumed or JournalKind.MemberAdded or JournalKind.MemberRemoved
            or JournalKind.Drill or JournalKind.ConfigurationChanged or JournalKind.ConfigurationTakenBack
            or JournalKind.BackupSettings or JournalKind.ProxySettings or JournalKind.Restored => Severity.Notice,
        JournalKind.SynchronousSet or JournalKind.BackupMade or JournalKind.BackupsExpired or JournalKind.RestoreProven
            or JournalKind.Decision => Severity.Information,
    };

    private static bool Served(PostgresState state) => state is PostgresState.Primary or PostgresState.Standby;
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PgMahout.Advising;
using PgMahout.Backups;
using PgMahout.Configuring;
using PgMahout.Access;
using PgMahout.Core.Cluster;
using PgMahout.Doctor;
using PgMahout.Drills;
using PgMahout.Proxying;
using PgMahout.Restoring;
using PgMahout.Status;
using PgMahout.Undoing;
using PgMahout.Wal;

namespace PgMahout.Output;

/// <summary>From what is shown to the documents of <c>-o json</c>, and those to text.</summary>
public static class DocumentJson
{
    public const int Schema = 1;

    // Names and sentences stay readable; no document of ours is ever put into a web page as it is.
    private static readonly DocumentContext Readable = new(new JsonSerializerOptions(DocumentContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static DocumentContext Types => Readable;

    public static string Text<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.Serialize(document, type);

    public static string Text(ClusterStatus status, DateTimeOffset now) => Text(Of(status, now), Types.StatusDocument);

    public static StatusDocument Of(ClusterStatus status, DateTimeOffset now) => new(
        Schema,
        status.Cluster,
        Words.Of(status.State),
        status.Leader?.Text,
        status.Epoch?.Value,
        status.Timeline?.Value,
        status.Durability is { } durability ? Words.Of(durability) : null,
        status.Timing?.Ttl.TotalSeconds,
        Of(status.Effective),
        Of(status.Recorded),
        status.LeaseLeft?.TotalSeconds,
        status.Pause is { } pause ? new PauseDocument(pause.Remaining.TotalSeconds, pause.By, pause.Reason) : null,
        status.SupervisorPid,
        status.Answered,
        now.UtcDateTime,
        [.. status.Members.Select(Of)],
        status.Backups.Report,
        [.. status.Notices.Select(notice => new NoticeDocument(notice.Code, notice.Text, notice.Next))])
    {
        Proxy = status.Proxy.Account,
        VirtualIp = status.Address?.Document,
    };

    public static HistoryEntryDocument Of(JournalEntry entry) => new(
        entry.Sequence,
        entry.At.UtcDateTime,
        entry.Member?.Text,
        Words.Of(entry.Kind),
        entry.Epoch.Value,
        entry.Timeline?.Value,
        entry.Text,
        DetailsOf(entry));

    private static MemberDocument Of(MemberStatus member) => new(
        member.Name.Text,
        Words.Of(member.Role),
        Words.Of(member.State),
        member.Host,
        member.Port,
        member.Pid,
        member.AgentPid,
        member.GuardPid,
        member.DataDirectory,
        member.Position?.Timeline.Value,
        member.Position?.Lsn.ToString(),
        member.Lag?.Bytes,
        member.IsSynchronous,
        member.Rule,
        member.Note,
        member.Upstream?.Text);

    private static SynchronousDocument? Of(SynchronousSet? set) => set is null
        ? null
        : new SynchronousDocument(set.Quorum, [.. set.Voters.Select(voter => voter.Text)]);

    private static JsonElement? DetailsOf(JournalEntry entry)
    {
        if (entry.Details is not { } details)
            return null;
        try
        {
            using var document = JsonDocument.Parse(details);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ProxyAccount))]
[JsonSerializable(typeof(UpDocument))]
[JsonSerializable(typeof(HistoryDocument))]
[JsonSerializable(typeof(HistoryEntryDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(MeaningDocument))]
[JsonSerializable(typeof(DoneDocument))]
[JsonSerializable(typeof(UriDocument))]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(DrillDocument))]
[JsonSerializable(typeof(AccessDocument))]
[JsonSerializable(typeof(DoctorDocument))]
[JsonSerializable(typeof(AccessTestDocument))]
[JsonSerializable(typeof(AdviceDocument))]
[JsonSerializable(typeof(MeasureDocument))]
[JsonSerializable(typeof(ConfigurationDocument))]
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(ConfigurationHistoryDocument))]
[JsonSerializable(typeof(WalStatsDocument))]
[JsonSerializable(typeof(WalEntriesDocument))]
[JsonSerializable(typeof(RepositoriesDocument))]
[JsonSerializable(typeof(ArchiverReport))]
[JsonSerializable(typeof(VerificationDocument))]
[JsonSerializable(typeof(RestoreDocument))]
[JsonSerializable(typeof(UndoListDocument))]
[JsonSerializable(typeof(UndoDocument))]
[JsonSerializable(typeof(UndoCleanDocument))]
[JsonSerializable(typeof(RowsDocument))]
[JsonSerializable(typeof(GuardDocument))]
[JsonSerializable(typeof(DrillUndoDocument))]
[JsonSerializable(typeof(BackupsDocument))]
[JsonSerializable(typeof(BackupDocument))]
[JsonSerializable(typeof(ExpiryDocument))]
[JsonSerializable(typeof(RestoreProof))]
[JsonSerializable(typeof(BackupSettingsDocument))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class DocumentContext : JsonSerializerContext;

using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Sqlite;

/// <summary>The journal in SQL. Used by the store's thread only.</summary>
internal sealed class JournalQueries(SqliteSession session)
{
    public WriteOutcome Append(SqliteDatabase database, JournalEntry entry)
    {
        const string Insert =
            "INSERT INTO journal (at, member, kind, epoch, timeline, text, details) VALUES (?, ?, ?, ?, ?, ?, ?)";

        database.Begin();
        database.Statement(Insert)
            .Bind(1, entry.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))
            .Bind(2, entry.Member?.Text)
            .Bind(3, entry.Kind.ToString())
            .Bind(4, entry.Epoch.Value)
            .Bind(5, entry.Timeline?.Value)
            .Bind(6, entry.Text)
            .Bind(7, entry.Details)
            .Execute();
        var oldestKept = database.LastInsertedRow - IClusterStore.JournalBound + 1;
        database.Statement("DELETE FROM journal WHERE sequence < ?").Bind(1, oldestKept).Execute();
        var revision = RecordQueries.NextRevision(database, changesRecords: false);
        database.Commit();
        session.Saw(revision.Value);
        return new WriteOutcome.Done(revision);
    }

    public static JournalRead Read(SqliteDatabase database, int count)
    {
        const string Newest =
            """
            SELECT sequence, at, member, kind, epoch, timeline, text, details
            FROM journal ORDER BY sequence DESC LIMIT ?
            """;
        var entries = ImmutableArray.CreateBuilder<JournalEntry>();
        foreach (var row in database.Statement(Newest).Bind(1, count).Rows())
            entries.Add(Entry(row));
        entries.Reverse();
        return new JournalRead.Content(entries.DrainToImmutable());
    }

    private static JournalEntry Entry(SqliteStatement row)
    {
        var sequence = row.Number(0);
        var (at, member, kind) = (row.Text(1), row.TextOrNull(2), row.Text(3));
        if (!DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw Unreadable(sequence, "time", at);
        if (!Enum.TryParse<JournalKind>(kind, out var known))
            throw Unreadable(sequence, "kind", kind);
        if (member is not null && !MemberName.IsValid(member))
            throw Unreadable(sequence, "member", member);
        return new JournalEntry(
            sequence,
            time,
            member is null ? null : new MemberName(member),
            known,
            new Epoch(row.Number(4)),
            row.NumberOrNull(5) is { } timeline ? new TimelineId((uint)timeline) : null,
            row.Text(6),
            row.TextOrNull(7));
    }

    private static StoreFault Unreadable(long sequence, string column, string value) =>
        StoreFault.Damaged($"journal entry {sequence} has the unknown {column} '{value}'");
}

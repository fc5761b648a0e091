using System.Text.Json;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

internal static class LeadershipCodec
{
    public static string Encode(Leadership leadership) => RecordText.Encode(json =>
    {
        json.WriteNumber("epoch", leadership.Epoch.Value);
        json.WriteString("holder", leadership.Holder.Text);
        Write(json, leadership.Released);
        json.WriteStartObject("synchronous");
        json.WriteNumber("quorum", leadership.Synchronous.Quorum);
        json.WriteStartArray("voters");
        foreach (var voter in leadership.Synchronous.Voters)
            json.WriteStringValue(voter.Text);
        json.WriteEndArray();
        json.WriteEndObject();
        if (leadership.Heads != SiteHeads.None)
            Write(json, leadership.Heads);
        if (leadership.Written is { } written)
            json.WritePosition("written", written);
        Write(json, leadership.History);
    });

    public static Leadership Decode(RecordFields fields)
    {
        var synchronous = fields.Object("synchronous");
        return new Leadership(
            new Epoch(fields.Number("epoch", 1)),
            fields.Member("holder"),
            fields.ObjectOrNull("released") is { } released ? Released(released) : null,
            SynchronousSet.Of((int)synchronous.Number("quorum", 0, int.MaxValue), synchronous.Members("voters")),
            fields.ObjectOrNull("written")?.Position(),
            fields.ObjectOrNull("history") is { } history ? History(history) : null)
        {
            Heads = fields.Has("heads") ? SiteHeads.Of(fields.Members("heads")) : SiteHeads.None,
        };
    }

    private static void Write(Utf8JsonWriter json, SiteHeads heads)
    {
        json.WriteStartArray("heads");
        foreach (var head in heads.Names)
            json.WriteStringValue(head.Text);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, TimelineHistory? history)
    {
        if (history is null)
            return;
        json.WriteStartObject("history");
        json.WriteNumber("timeline", history.Current.Value);
        json.WriteStartArray("ancestors");
        foreach (var ancestor in history.Ancestors)
        {
            json.WriteStartObject();
            json.WriteNumber("timeline", ancestor.Timeline.Value);
            json.WriteString("ended", ancestor.EndedAt.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static TimelineHistory History(RecordFields fields) => new(
        [.. fields.Objects("ancestors").Select(Switch)], Timeline(fields));

    private static TimelineSwitch Switch(RecordFields fields) => new(Timeline(fields), fields.Lsn("ended"));

    private static TimelineId Timeline(RecordFields fields) => new((uint)fields.Number("timeline", 1, uint.MaxValue));

    private static void Write(Utf8JsonWriter json, Handover? released)
    {
        if (released is null)
            return;
        json.WriteStartObject("released");
        json.WriteString("heir", released.Heir.Text);
        if (released.At is { } at)
            json.WritePosition("at", at);
        json.WriteEndObject();
    }

    private static Handover Released(RecordFields fields) =>
        new(fields.Member("heir"), fields.ObjectOrNull("at")?.Position());
}

using PgMahout.Core.Cluster;

namespace PgMahout.Store.Records;

internal static class SwitchoverCodec
{
    public static string Encode(SwitchoverRequest request) => RecordText.Encode(json =>
    {
        json.WriteString("id", request.Id);
        json.WriteString("from", request.From.Text);
        if (request.To is { } to)
            json.WriteString("to", to.Text);
        json.WriteBoolean("force", request.Force);
        json.WriteString("by", request.By);
        if (request.Reason is { } reason)
            json.WriteString("reason", reason);
    });

    public static SwitchoverRequest Decode(RecordFields fields) => new(
        fields.Text("id"),
        fields.Member("from"),
        fields.MemberOrNull("to"),
        fields.Flag("force"),
        fields.Text("by"),
        fields.TextOrNull("reason"));
}

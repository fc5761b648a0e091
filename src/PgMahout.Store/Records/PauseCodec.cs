namespace PgMahout.Store.Records;

internal static class PauseCodec
{
    public static string Encode(PauseRecord pause) => RecordText.Encode(json =>
    {
        json.WriteString("until", pause.Until.UtcDateTime);
        json.WriteString("by", pause.By);
        json.WriteString("reason", pause.Reason);
    });

    public static PauseRecord Decode(RecordFields fields) =>
        new(fields.Moment("until"), fields.Text("by"), fields.Text("reason"));
}

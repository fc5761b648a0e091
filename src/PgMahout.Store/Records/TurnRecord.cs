namespace PgMahout.Store.Records;

/// <summary>
/// Whose turn it is, of several hosts, to work on the cluster's backups. It is written anew now and then while the work
/// goes on; a taker must have known one revision of it for a while on its own clock.
/// </summary>
/// <param name="Host">Where the work is done.</param>
/// <param name="Pid">Of the process there: for people.</param>
public sealed record TurnRecord(string Host, long Pid)
{
    internal string Encode() => RecordText.Encode(json =>
    {
        json.WriteString("host", Host);
        json.WriteNumber("pid", Pid);
    });

    internal static TurnRecord Decode(RecordFields fields) => new(fields.Text("host"), fields.Number("pid"));
}

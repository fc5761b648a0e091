using System.Globalization;

namespace PgMahout.Store.Records;

/// <summary>PostgreSQL's system identifier, as text: it has 64 bits, and a JSON number only 53.</summary>
internal static class IdentityCodec
{
    public static string Encode(ulong systemIdentifier) => RecordText.Encode(json =>
        json.WriteString("systemIdentifier", systemIdentifier.ToString(CultureInfo.InvariantCulture)));

    public static ulong Decode(RecordFields fields) =>
        ulong.TryParse(fields.Text("systemIdentifier"), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw fields.Fault("systemIdentifier", "is not a system identifier");
}

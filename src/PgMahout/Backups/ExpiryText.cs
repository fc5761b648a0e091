using PgMahout.Core.Vocabulary;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>An expiry for people: what goes, what stays and why, and what can be restored afterwards.</summary>
internal static class ExpiryText
{
    public static string Of(ExpiryDocument document)
    {
        var verb = document.DryRun ? "would be deleted" : "deleted";
        var window = document.WindowFrom is { } from
            ? $"any commit since {from:yyyy-MM-dd HH:mm:ss}Z stays restorable"
            : "nothing is restorable yet";
        string[][] rows =
        [
            .. document.Kept.Select(kept => new[] { kept.Id, "stays", kept.Why }),
            .. document.Deleted.Select(id => new[] { id, verb, "" }),
        ];
        var table = rows.Length == 0 ? "" : Columns.Align(rows) + "\n";
        return $"{table}{document.Segments} objects of WAL {verb}, {new ByteSize(document.Bytes)} in all; {window}";
    }
}

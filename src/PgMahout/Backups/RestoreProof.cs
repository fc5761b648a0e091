using System.Globalization;
using System.Text.Json;
using PgMahout.Backup.Repositories;
using PgMahout.Output;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>
/// A restore that was done for real: what was restored to where, and what was found. Kept in the repository that it
/// proves. Also the JSON of <c>drill restore -o json</c>.
/// </summary>
/// <param name="Lsn">Up to where WAL was replayed.</param>
/// <param name="LastCommit">When the last transaction in it was committed.</param>
/// <param name="FilesSeconds">Until all files were in place.</param>
/// <param name="TotalSeconds">Until the restored server took writes.</param>
/// <param name="Relations">How many tables and indexes were checked, page by page or by pg_amcheck.</param>
public sealed record RestoreProof(
    int Schema,
    DateTime At,
    string Repository,
    string Backup,
    string Lsn,
    DateTime? LastCommit,
    double FilesSeconds,
    double TotalSeconds,
    long Bytes,
    long ReplayedBytes,
    int Databases,
    int Relations)
{
    private const string Form = "yyyyMMdd'T'HHmmss'Z'";
    private const int Longest = 64 << 10;

    public static async Task<Outcome<RestoreProof?>> LastAsync(
        Repository repository, ulong systemIdentifier, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(PrefixOf(systemIdentifier), cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<RestoreProof?>.Failed(listed.Failure!);
        if (entries.IsEmpty)
            return new Outcome<RestoreProof?>.Done(null);
        var text = new byte[Longest];
        var read = await repository.Store.ReadAsync(entries[^1].Name, 0, text, cancellation);
        if (!read.TryGet(out var length))
            return new Outcome<RestoreProof?>.Failed(read.Failure!);
        try
        {
            return new Outcome<RestoreProof?>.Done(
                JsonSerializer.Deserialize(text.AsSpan(0, length), DocumentJson.Types.RestoreProof));
        }
        catch (JsonException)
        {
            // Of a newer version, or garbled: not proven, as far as can be told.
            return new Outcome<RestoreProof?>.Done(null);
        }
    }

    public Task<Outcome> KeepAsync(Repository repository, ulong systemIdentifier, CancellationToken cancellation) =>
        repository.Store.PutAsync(
            $"{PrefixOf(systemIdentifier)}{At.ToString(Form, CultureInfo.InvariantCulture)}.json",
            JsonSerializer.SerializeToUtf8Bytes(this, DocumentJson.Types.RestoreProof),
            Flushing.Now,
            cancellation);

    private static string PrefixOf(ulong systemIdentifier) =>
        PgMahout.Backup.Repositories.Repository.PrefixOf(systemIdentifier) + "proof/";
}

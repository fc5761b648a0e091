using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Catalog;

/// <summary>
/// The backups of one system identifier. A backup exists when its head does: the head is written last, and removed
/// first.
/// </summary>
public sealed class BackupCatalog(Repository repository, ulong systemIdentifier)
{
    private const int LongestHead = 64 << 10;

    private IObjectStore Store => repository.Store;

    /// <summary>Every backup that exists, in the order of their names. One unreadable head fails the whole.</summary>
    public async Task<Outcome<ImmutableArray<StoredHead>>> HeadsAsync(CancellationToken cancellation)
    {
        var listed = await Store.ListAsync(BackupNames.AllPrefix(systemIdentifier), cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<ImmutableArray<StoredHead>>.Failed(listed.Failure!);
        var heads = ImmutableArray.CreateBuilder<StoredHead>();
        foreach (var entry in entries.Where(entry => BackupNames.IsHead(entry.Name)))
        {
            var read = await HeadAsync(entry.Name, cancellation);
            if (read.TryGet(out var head))
                heads.Add(head);
            else if (read.Failure!.Code != IObjectStore.Missing)
                return new Outcome<ImmutableArray<StoredHead>>.Failed(read.Failure!);
        }
        return new Outcome<ImmutableArray<StoredHead>>.Done(heads.ToImmutable());
    }

    public async Task<Outcome<StoredBackup>> LoadAsync(BackupId id, CancellationToken cancellation)
    {
        var names = new BackupNames(systemIdentifier, id);
        var head = await HeadAsync(names.Head, cancellation);
        if (!head.TryGet(out var stored))
            return new Outcome<StoredBackup>.Failed(head.Failure!);
        var manifest = await ManifestAsync(names, stored, cancellation);
        return manifest.TryGet(out var found)
            ? new Outcome<StoredBackup>.Done(new StoredBackup(stored, found))
            : new Outcome<StoredBackup>.Failed(manifest.Failure!);
    }

    /// <summary>
    /// Removes a backup: its head first, so that nobody chooses it any more, then the rest. What breaks off is finished
    /// by <see cref="SweepAsync"/>. Whether another backup builds on it is the caller's to know.
    /// </summary>
    public async Task<Outcome> DeleteAsync(BackupId id, CancellationToken cancellation)
    {
        var names = new BackupNames(systemIdentifier, id);
        var marked = await Store.PutAsync(names.Removal, "{}"u8.ToArray(), Flushing.Now, cancellation);
        if (marked is Outcome.Failed)
            return marked;
        var beheaded = await Store.DeleteAsync([names.Head], cancellation);
        return beheaded is Outcome.Failed ? beheaded : await RemoveAsync(names, cancellation);
    }

    /// <summary>
    /// Finishes removals, and removes what broken runs left when nothing was added to it since
    /// <paramref name="before"/>. Which ones those are.
    /// </summary>
    public async Task<Outcome<ImmutableArray<BackupId>>> SweepAsync(
        DateTimeOffset before, CancellationToken cancellation)
    {
        var listed = await UnfinishedAsync(cancellation);
        if (!listed.TryGet(out var unfinished))
            return new Outcome<ImmutableArray<BackupId>>.Failed(listed.Failure!);
        var swept = ImmutableArray.CreateBuilder<BackupId>();
        foreach (var run in unfinished.Where(run => run.BeingRemoved || run.LastWritten < before))
        {
            var removed = await RemoveAsync(new BackupNames(systemIdentifier, run.Id), cancellation);
            if (removed.Failure is { } problem)
                return new Outcome<ImmutableArray<BackupId>>.Failed(problem);
            swept.Add(run.Id);
        }
        return new Outcome<ImmutableArray<BackupId>>.Done(swept.ToImmutable());
    }

    /// <summary>Runs that broke off, or go on just now, and removals that did.</summary>
    public async Task<Outcome<ImmutableArray<UnfinishedBackup>>> UnfinishedAsync(CancellationToken cancellation)
    {
        var listed = await Store.ListAsync(BackupNames.AllPrefix(systemIdentifier), cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<ImmutableArray<UnfinishedBackup>>.Failed(listed.Failure!);
        return new Outcome<ImmutableArray<UnfinishedBackup>>.Done(
        [
            .. from entry in entries
               let id = BackupNames.IdOf(systemIdentifier, entry.Name)
               where id is not null
               group entry by id.Value into objects
               let names = new BackupNames(systemIdentifier, objects.Key)
               let removed = objects.Any(entry => entry.Name == names.Removal)
               where removed || objects.All(entry => entry.Name != names.Head)
               select new UnfinishedBackup(objects.Key, removed, objects.Max(entry => entry.ModifiedAt)),
        ]);
    }

    /// <summary>Plain text of a manifest to what is stored, and its digest.</summary>
    internal (byte[] Stored, Digest Hash, int Bytes) Encode(BackupNames names, BackupManifest manifest)
    {
        var text = new ArrayBufferWriter<byte>(1 << 20);
        ManifestText.Write(manifest, text);
        using var codec = repository.NewCodec();
        var stored = new byte[codec.Bound(text.WrittenCount)];
        var place = Encoding.ASCII.GetBytes(names.Manifest(manifest.Ending));
        var length = codec.Encode(text.WrittenSpan, stored, place);
        return (stored[..length], Digest.Of(SHA256.HashData(text.WrittenSpan)), text.WrittenCount);
    }

    /// <summary>The mark of the removal goes last: until then somebody finishes it.</summary>
    private async Task<Outcome> RemoveAsync(BackupNames names, CancellationToken cancellation)
    {
        var listed = await Store.ListAsync(names.Prefix, cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome.Failed(listed.Failure!);
        var head = await Store.DeleteAsync([names.Head], cancellation);
        if (head is Outcome.Failed)
            return head;
        var rest = await Store.DeleteAsync(
            [.. entries.Select(entry => entry.Name).Where(name => name != names.Removal)], cancellation);
        return rest is Outcome.Failed ? rest : await Store.DeleteAsync([names.Removal], cancellation);
    }

    private async Task<Outcome<StoredHead>> HeadAsync(string name, CancellationToken cancellation)
    {
        var bytes = new byte[LongestHead];
        var read = await Store.ReadAsync(name, 0, bytes, cancellation);
        if (!read.TryGet(out var length))
            return new Outcome<StoredHead>.Failed(read.Failure!);
        return HeadText.Parse(bytes.AsMemory(0, length)) is { } head
            && head.Head.SystemIdentifier == systemIdentifier
            && BackupNames.IdOf(systemIdentifier, name) == head.Head.Id
            ? new Outcome<StoredHead>.Done(head)
            : new Outcome<StoredHead>.Failed(BackupProblems.Damaged(name, "it is not what this program writes"));
    }

    private async Task<Outcome<BackupManifest>> ManifestAsync(
        BackupNames names, StoredHead head, CancellationToken cancellation)
    {
        // The compression may have been another one when the backup was made.
        var listed = await Store.ListAsync(names.Manifest(""), cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<BackupManifest>.Failed(listed.Failure!);
        if (entries is not [var entry])
            return new Outcome<BackupManifest>.Failed(BackupProblems.Damaged(
                names.Manifest(""), $"there are {entries.Length} instead of one"));
        var stored = new byte[entry.Length];
        var read = await Store.ReadAsync(entry.Name, 0, stored, cancellation);
        if (!read.TryGet(out var length))
            return new Outcome<BackupManifest>.Failed(read.Failure!);
        return Decode(entry.Name, stored.AsSpan(0, length), head) is { } manifest
            && manifest.Id == head.Head.Id && manifest.Parent == head.Head.Parent
            ? new Outcome<BackupManifest>.Done(manifest)
            : new Outcome<BackupManifest>.Failed(BackupProblems.Damaged(
                entry.Name, "it is not the list of files that the backup was finished with"));
    }

    private BackupManifest? Decode(string name, ReadOnlySpan<byte> stored, StoredHead head)
    {
        using var codec = repository.CodecFor(name);
        var text = new byte[head.ManifestBytes];
        return codec.Decode(stored, text, Encoding.ASCII.GetBytes(name)).TryGet(out var length)
            && Digest.Of(SHA256.HashData(text.AsSpan(0, length))) == head.Manifest
            ? ManifestText.Parse(text.AsMemory(0, length))
            : null;
    }
}

/// <param name="LastWritten">The newest of its objects.</param>
public sealed record UnfinishedBackup(BackupId Id, bool BeingRemoved, DateTimeOffset LastWritten);

using System.Collections.Immutable;
using PgMahout.Backup.Indexing;
using PgMahout.Core.Catalog;
using PgMahout.Core.Cluster;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Undo.Finding;

/// <summary>What relations were called when, along one line; each snapshot is read once. One call at a time.</summary>
public sealed class NameHistory(CatalogArchive catalogs, TimelineHistory line)
{
    private readonly Dictionary<WalPosition, (CatalogSnapshot? Snapshot, CatalogNames? Names)> _read = [];
    private ImmutableArray<WalPosition>? _positions;

    /// <param name="after">Whether the later snapshot is wanted too.</param>
    public async Task<Outcome<CatalogsAround>> AroundAsync(Lsn at, bool after, CancellationToken cancellation)
    {
        if (_positions is null)
        {
            var listed = await catalogs.ListAsync(cancellation);
            if (!listed.TryGet(out var all))
                return new Outcome<CatalogsAround>.Failed(listed.Failure!);
            _positions = [.. all.Where(line.Contains).OrderBy(position => position.Lsn)];
        }
        var before = await BeforeAsync(at, cancellation);
        if (!before.TryGet(out var names))
            return new Outcome<CatalogsAround>.Failed(before.Failure!);
        var later = _positions.Value.Where(position => position.Lsn > at).ToImmutableArray();
        if (!after || later.IsEmpty)
            return new Outcome<CatalogsAround>.Done(new CatalogsAround(names, null));
        var next = await ReadAsync(later[0], cancellation);
        return next.TryGet(out var read)
            ? new Outcome<CatalogsAround>.Done(new CatalogsAround(names, read.Names))
            : new Outcome<CatalogsAround>.Failed(next.Failure!);
    }

    /// <summary>
    /// By the last snapshot that was finished by then, for one that was not may have missed what was dropped meanwhile;
    /// else by the first there is.
    /// </summary>
    private async Task<Outcome<CatalogNames?>> BeforeAsync(Lsn at, CancellationToken cancellation)
    {
        var candidates = _positions!.Value.Where(position => position.Lsn <= at).Reverse().ToList();
        if (candidates.Count == 0 && !_positions.Value.IsEmpty)
            candidates.Add(_positions.Value[0]);
        foreach (var candidate in candidates)
        {
            var read = await ReadAsync(candidate, cancellation);
            if (!read.TryGet(out var found))
                return new Outcome<CatalogNames?>.Failed(read.Failure!);
            if (found.Snapshot is { } snapshot && (snapshot.To <= at || candidate == candidates[^1]))
                return new Outcome<CatalogNames?>.Done(found.Names);
        }
        return new Outcome<CatalogNames?>.Done(null);
    }

    private async Task<Outcome<(CatalogSnapshot? Snapshot, CatalogNames? Names)>> ReadAsync(
        WalPosition position, CancellationToken cancellation)
    {
        if (_read.TryGetValue(position, out var known))
            return new Outcome<(CatalogSnapshot?, CatalogNames?)>.Done(known);
        var read = await catalogs.ReadAsync(position, cancellation);
        if (!read.TryGet(out var snapshot))
            return new Outcome<(CatalogSnapshot?, CatalogNames?)>.Failed(read.Failure!);
        _read[position] = (snapshot, snapshot is null ? null : new CatalogNames(snapshot));
        return new Outcome<(CatalogSnapshot?, CatalogNames?)>.Done(_read[position]);
    }
}

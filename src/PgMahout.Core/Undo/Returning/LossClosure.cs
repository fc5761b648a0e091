using System.Collections.Immutable;

namespace PgMahout.Core.Undo.Returning;

/// <summary>
/// Which things come back together: those asked for, whatever went with them, and what they need of what is gone. Found
/// step by step outwards, so that the work is as large as the loss and not as the database.
/// </summary>
/// <param name="copies">
/// Things are taken although they are still there, with their parts only; nothing that depends on them comes.
/// </param>
public sealed class LossClosure(IEnumerable<ObjectAddress> wanted, bool copies)
{
    private readonly HashSet<ObjectAddress> _members = [.. wanted];
    private readonly HashSet<Dependency> _edges = [];
    private readonly HashSet<ObjectAddress> _outside = [];
    private readonly HashSet<ObjectAddress> _missing = [];
    private ImmutableArray<ObjectAddress> _frontier = [.. wanted.Distinct()];

    /// <summary>Those whose dependencies in both directions are to be read next; empty when all is found.</summary>
    public ImmutableArray<ObjectAddress> Frontier => _frontier;

    /// <summary>Those that come back, without what is <see cref="Blocked"/>.</summary>
    public ImmutableHashSet<ObjectAddress> Members => [.. _members.Except(Blocked)];

    /// <summary>They need something that is gone and was not asked for: they cannot be made.</summary>
    public ImmutableHashSet<ObjectAddress> Blocked
    {
        get
        {
            var blocked = new HashSet<ObjectAddress>();
            while (_edges.Any(edge => Blocks(edge, blocked)))
            {
                foreach (var edge in _edges.Where(edge => Blocks(edge, blocked)).ToList())
                    blocked.Add(
                        _members.Contains(edge.Object) && !blocked.Contains(edge.Object) ? edge.Object : edge.On);
            }
            return [.. blocked];
        }
    }

    /// <summary>Gone, needed by a member, and not asked for.</summary>
    public ImmutableHashSet<ObjectAddress> Missing => [.. _missing];

    /// <param name="lost">Of all that the edges name, those that are gone.</param>
    /// <param name="foreign">
    /// Of those, what is never taken unless asked for: tables, extensions and their things.
    /// </param>
    public void Learn(
        IEnumerable<Dependency> edges, IReadOnlySet<ObjectAddress> lost, IReadOnlySet<ObjectAddress> foreign)
    {
        var found = new List<ObjectAddress>();
        foreach (var edge in edges.Where(edge => edge.Object != edge.On && _edges.Add(edge)))
        {
            if (_members.Contains(edge.On) && Follows(edge, lost))
                found.Add(edge.Object);
            if (_members.Contains(edge.Object) && lost.Contains(edge.On))
                (foreign.Contains(edge.On) ? _outside : (ICollection<ObjectAddress>)found).Add(edge.On);
        }
        _frontier = [.. found.Distinct().Where(_members.Add)];
        _missing.Clear();
        _missing.UnionWith(_outside.Except(_members));
    }

    private bool Follows(Dependency edge, IReadOnlySet<ObjectAddress> lost) =>
        copies ? edge.Kind is 'a' or 'i' or 'P' or 'S' && !IsPublished(edge) : lost.Contains(edge.Object);

    private static bool IsPublished(Dependency edge) => edge.Object.Catalog == SystemCatalog.PublicationRelation;

    /// <summary>A partition or a child can be made without its parent.</summary>
    private static bool IsLineage(Dependency edge) =>
        edge.Object.Catalog == SystemCatalog.Relation && edge.On.Catalog == SystemCatalog.Relation;

    /// <summary>
    /// What needs a missing or blocked thing is blocked, and so is what cannot be without a blocked part.
    /// </summary>
    private bool Blocks(Dependency edge, HashSet<ObjectAddress> blocked)
    {
        if (!_members.Contains(edge.Object))
            return false;
        if (!blocked.Contains(edge.Object))
            return !IsLineage(edge) && (_missing.Contains(edge.On) || blocked.Contains(edge.On));
        return edge.Kind == 'i' && edge.Object.Catalog == SystemCatalog.Rule && _members.Contains(edge.On)
            && !blocked.Contains(edge.On);
    }
}

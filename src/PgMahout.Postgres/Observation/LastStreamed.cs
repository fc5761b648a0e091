using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Observation;

/// <summary>When each member was last seen streaming; for one never seen, when it was first looked for.</summary>
internal sealed class LastStreamed
{
    private readonly Dictionary<MemberName, Instant> _at = [];

    public Instant Observe(MemberName member, bool streaming, Instant now)
    {
        if (streaming || !_at.TryGetValue(member, out var at))
            _at[member] = at = now;
        return at;
    }

    public void Reset() => _at.Clear();
}

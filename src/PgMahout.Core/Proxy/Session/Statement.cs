using System.Globalization;
using System.Text;
using PgMahout.Core.Proxy.Routing;

namespace PgMahout.Core.Proxy.Session;

/// <summary>
/// A prepared statement as every server knows it: one for all clients that prepare the same text with the same types.
/// </summary>
public sealed class Statement
{
    internal Statement(long number, byte[] definition, bool mayCommit)
    {
        ServerName = Encoding.ASCII.GetBytes("pgmahout_" + number.ToString(CultureInfo.InvariantCulture));
        Definition = definition;
        MayCommit = mayCommit;
    }

    public byte[] ServerName { get; }

    /// <summary>What follows the name in a Parse: the text and the types of its parameters.</summary>
    public byte[] Definition { get; }

    /// <summary>Whether executing it could end a transaction successfully.</summary>
    public bool MayCommit { get; }

    internal int Users { get; set; }

    private StatementKind _kind;
    private StatementJudge? _judge;

    /// <summary>What it asks of a server; found out once by each judge.</summary>
    public StatementKind KindBy(StatementJudge judge)
    {
        if (_judge == judge)
            return _kind;
        _judge = judge;
        return _kind = judge.Judge(Definition.AsSpan(0, Math.Max(0, Array.IndexOf(Definition, (byte)0))));
    }
}

/// <summary>The statements that clients of one loop have prepared. Not for two threads.</summary>
public sealed class StatementRegistry
{
    private readonly Dictionary<byte[], Statement> _byDefinition = new(ByContent.Instance);
    private readonly Dictionary<byte[], Statement>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private long _number;

    public StatementRegistry() => _lookup = _byDefinition.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count => _byDefinition.Count;

    /// <param name="definition">What follows the name in a Parse.</param>
    /// <returns>To be given back by <see cref="Release"/>.</returns>
    public Statement Take(ReadOnlySpan<byte> definition)
    {
        if (!_lookup.TryGetValue(definition, out var statement))
        {
            var text = definition[..Math.Max(0, definition.IndexOf((byte)0))];
            statement = new Statement(++_number, definition.ToArray(), StatementJudge.MayCommit(text));
            _byDefinition.Add(statement.Definition, statement);
        }
        statement.Users++;
        return statement;
    }

    public void TakeAgain(Statement statement)
    {
        statement.Users++;
        _byDefinition.TryAdd(statement.Definition, statement);
    }

    /// <summary>Servers may still have it prepared; a later one of the same text has another name there.</summary>
    public void Release(Statement statement)
    {
        if (--statement.Users == 0
            && _byDefinition.TryGetValue(statement.Definition, out var there) && there == statement)
            _byDefinition.Remove(statement.Definition);
    }
}

/// <summary>What one server has prepared, with when each was used last.</summary>
public sealed class PreparedStatements
{
    private readonly Dictionary<Statement, long> _lastUse = [];
    private long _uses;

    public int Count => _lastUse.Count;

    /// <summary>Whether it is there; then it counts as used now.</summary>
    public bool Use(Statement statement)
    {
        if (!_lastUse.ContainsKey(statement))
            return false;
        _lastUse[statement] = ++_uses;
        return true;
    }

    public void Add(Statement statement) => _lastUse[statement] = ++_uses;

    public void Remove(Statement statement) => _lastUse.Remove(statement);

    public void Clear() => _lastUse.Clear();

    public Statement LeastRecentlyUsed() => _lastUse.MinBy(pair => pair.Value).Key;
}

using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>One line of <c>pg_hba.conf</c> that PostgreSQL takes.</summary>
/// <param name="Line">The first of its lines in the file, from 1.</param>
/// <param name="Address">Null for a unix socket, and only there.</param>
public sealed record HbaRule(
    int Line,
    HbaType Type,
    ImmutableArray<HbaToken> Databases,
    ImmutableArray<HbaToken> Users,
    HbaAddress? Address,
    HbaMethod Method,
    ImmutableArray<HbaOption> Options)
{
    public string? Option(string name) => Options.LastOrDefault(option => option.Name == name)?.Value;

    /// <summary>The same rule in the shortest way to write it.</summary>
    public override string ToString()
    {
        var fields = new List<string>
        {
            Type.Word(),
            string.Join(',', Databases),
            string.Join(',', Users),
        };
        if (Address is not null)
            fields.Add(Address.ToString());
        fields.Add(Method.Word());
        fields.AddRange(Options.Select(option => option.ToString()));
        return string.Join(' ', fields);
    }
}

/// <summary>A setting of the method.</summary>
public sealed record HbaOption(string Name, string Value, int Line, int Column)
{
    public override string ToString() =>
        new HbaToken($"{Name}={Value}", Value.Any(c => c is ' ' or '\t' or ',' or '#'), Line, Column).ToString();
}

using System.Collections.Immutable;

namespace PgMahout.Core.Configuration;

/// <summary>One of PostgreSQL's settings, as the server that knows it describes it (<c>pg_settings</c>).</summary>
/// <param name="Unit">In which its bare numbers count, such as <c>8kB</c> or <c>ms</c>; null for none.</param>
/// <param name="Least">Smallest number, in <paramref name="Unit"/>; null where there is no bound.</param>
/// <param name="Allowed">The words of an enumeration; empty for every other type.</param>
/// <param name="BuiltIn">The value with which the server is compiled, in <paramref name="Unit"/>.</param>
public sealed record Parameter(
    string Name,
    ParameterType Type,
    ParameterContext Context,
    string? Unit,
    decimal? Least,
    decimal? Most,
    ImmutableArray<string> Allowed,
    string BuiltIn,
    string Description);

public enum ParameterType
{
    Switch,
    Integer,
    Real,
    Text,
    Word,
}

/// <summary>When a changed value takes effect.</summary>
public enum ParameterContext
{
    /// <summary>Never: it was fixed when the server was compiled or the cluster was initialized.</summary>
    Fixed,

    /// <summary>At the next start of the server.</summary>
    Restart,

    /// <summary>At a reload.</summary>
    Reload,

    /// <summary>At a reload, for sessions that begin afterwards.</summary>
    NewSessions,

    /// <summary>At a reload, in every session that has not set a value of its own.</summary>
    Sessions,
}

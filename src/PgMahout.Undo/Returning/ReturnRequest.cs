using System.Collections.Immutable;
using Npgsql;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;

namespace PgMahout.Undo.Returning;

/// <summary>Where the lost things still are. It is changed on the way, and good for one run only.</summary>
/// <param name="Server">Promoted; nobody else writes to it.</param>
/// <param name="Programs">Of the server's version: <c>pg_dump</c> and <c>pg_restore</c>.</param>
/// <param name="Account">Runs them.</param>
/// <param name="Workspace">A directory that this account can write to; goes with the server.</param>
public sealed record ReturnSource(
    SideServer Server, string Database, PostgresBinaries Programs, ServerAccount Account, string Workspace)
{
    /// <summary>Whether a file of the data directory has its content there; others are holes.</summary>
    public Func<string, bool> Restored { get; init; } = _ => true;
}

/// <summary>What is to come back, from where and to where.</summary>
public sealed record ReturnRequest
{
    /// <summary>Lower-case letters and digits, at most 16: names what the run makes.</summary>
    public required string Id { get; init; }

    public required ReturnSource Source { get; init; }

    /// <summary>
    /// Makes a connection, not opened yet, of a superuser to the primary's database that gets the things back. Several
    /// are open at once.
    /// </summary>
    public required Func<NpgsqlConnection> Live { get; init; }

    /// <summary>
    /// Lost tables, partitioned tables, views, materialized views or sequences, by the OIDs that they have in the side
    /// server. Whatever depends on them and went with them comes too; so does what they need, except other tables.
    /// </summary>
    public required ImmutableArray<uint> Relations { get; init; }

    /// <summary>Lost schemas by name, with all that is in them.</summary>
    public ImmutableArray<string> Schemas { get; init; } = [];

    /// <summary>
    /// Another name for the one relation, <c>name</c> or <c>schema.name</c>: a copy beside whatever there is. It needs
    /// not be lost then, and nothing of what depended on it comes.
    /// </summary>
    public string? As { get; init; }

    /// <summary>
    /// With <see cref="As"/>: without foreign keys to other tables, which would keep these from deleting rows.
    /// </summary>
    public bool Apart { get; init; }

    /// <summary>The disks of the live cluster's members, as they are when asked; empty when nobody knows.</summary>
    public Func<CancellationToken, Task<ImmutableArray<LiveDisk>>> Disks { get; init; } =
        _ => Task.FromResult(ImmutableArray<LiveDisk>.Empty);

    /// <summary>Streams of rows, and indexes built at the same time.</summary>
    public int Jobs { get; init; } = 2;

    /// <summary>
    /// For the last transaction to get its locks on tables that things are tied to; each try waits two seconds at most.
    /// </summary>
    public TimeSpan LockLimit { get; init; } = TimeSpan.FromSeconds(60);
}

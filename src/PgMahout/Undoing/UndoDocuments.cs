using System.Collections.Immutable;

namespace PgMahout.Undoing;

/// <summary>The JSON of <c>undo list</c>.</summary>
/// <param name="From">LSN: WAL before it was not looked at.</param>
public sealed record UndoListDocument(int Schema, string From, string To, ImmutableArray<LossDocument> Losses);

/// <param name="Kind">drop, truncate, rewrite, delete, update or drop-database.</param>
/// <param name="Lsn">Of the COMMIT: --lsn takes it.</param>
/// <param name="StopBefore">Recovery that stops there, exclusively, still has everything.</param>
/// <param name="Names">Of tables, with database and schema.</param>
/// <param name="Also">Further relations with names that went with them: sequences, views of a later look.</param>
/// <param name="Unnamed">Relations that no snapshot of the catalogs knew, by OID.</param>
/// <param name="Bytes">With indexes, by the last vacuum; null when there was none.</param>
/// <param name="Backup">From which it would be brought back; null when none reaches that point.</param>
public sealed record LossDocument(
    string Kind,
    string Database,
    ImmutableArray<string> Names,
    ImmutableArray<string> Also,
    ImmutableArray<uint> Unnamed,
    DateTime At,
    uint Xid,
    string Lsn,
    string StopBefore,
    long? Bytes,
    long? Rows,
    string? Backup,
    long? ReplayBytes,
    LossAuthorDocument? By);

/// <summary>Who it was; null where no drop guard was there to say so.</summary>
/// <param name="Client">Address; null for one on the same machine.</param>
public sealed record LossAuthorDocument(string User, string? Client, string? Application);

/// <summary>The JSON of <c>undo guard</c>.</summary>
public sealed record GuardDocument(int Schema, ImmutableArray<GuardedDatabaseDocument> Databases);

/// <param name="Guard">off, who, or keep.</param>
/// <param name="AboveBytes">From that size on tables are kept; null when none are.</param>
public sealed record GuardedDatabaseDocument(string Name, string Guard, long? AboveBytes);

/// <summary>The JSON of <c>undo drop</c> and the like.</summary>
/// <param name="Id">Of the run; null with --dry-run.</param>
/// <param name="RestoreBytes">What the side server needs of the backup.</param>
/// <param name="SpaceBytes">Free space that is needed for a while.</param>
/// <param name="Seconds">All of it; null with --dry-run.</param>
public sealed record UndoDocument(
    int Schema,
    string? Id,
    LossDocument Loss,
    ImmutableArray<string> Wanted,
    string Backup,
    long ReplayBytes,
    long RestoreBytes,
    long SpaceBytes,
    ImmutableArray<UndoneTableDocument> Tables,
    ImmutableArray<string> Objects,
    ImmutableArray<UnprovenDocument> NotValid,
    ImmutableArray<string> Warnings,
    UndoSecondsDocument? Seconds);

/// <param name="Checksum">The sum of the hashes of all rows; the same in the past and in the cluster.</param>
public sealed record UndoneTableDocument(string Name, long Rows, long Bytes, string Checksum);

/// <summary>A foreign key that is NOT VALID because rows refer to nothing.</summary>
public sealed record UnprovenDocument(string Table, string Constraint, long Rows, ImmutableArray<string> Examples);

/// <summary>How long each part took.</summary>
public sealed record UndoSecondsDocument(
    double Find, double Files, double Wal, double Replay, double Return, double Total);

/// <summary>The JSON of <c>undo clean</c>.</summary>
public sealed record UndoCleanDocument(int Schema, ImmutableArray<string> Removed);

using System.Globalization;

namespace PgMahout.Core.Wal;

/// <summary>
/// The files of one relation, as WAL names them: the tablespace's OID, the database's (0 for a relation shared by all),
/// and the number that the file is named by. It changes whenever the relation is rewritten, so it is no identity.
/// </summary>
public readonly record struct RelationFile(uint Tablespace, uint Database, uint Number) : IComparable<RelationFile>
{
    /// <summary>The tablespace of shared relations.</summary>
    public const uint GlobalTablespace = 1664;

    public const uint DefaultTablespace = 1663;

    /// <summary>Numbers below belong to what initdb made.</summary>
    public const uint FirstUserNumber = 16384;

    public int CompareTo(RelationFile other) =>
        Tablespace != other.Tablespace ? Tablespace.CompareTo(other.Tablespace)
        : Database != other.Database ? Database.CompareTo(other.Database)
        : Number.CompareTo(other.Number);

    public static bool operator <(RelationFile left, RelationFile right) => left.CompareTo(right) < 0;
    public static bool operator >(RelationFile left, RelationFile right) => left.CompareTo(right) > 0;
    public static bool operator <=(RelationFile left, RelationFile right) => left.CompareTo(right) <= 0;
    public static bool operator >=(RelationFile left, RelationFile right) => left.CompareTo(right) >= 0;

    /// <summary>As <c>pg_waldump</c> prints it: <c>1663/5/16384</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Tablespace}/{Database}/{Number}");
}

/// <summary>The forks of a relation, numbered as in WAL.</summary>
public enum Fork : byte
{
    Main = 0,
    FreeSpaceMap = 1,
    VisibilityMap = 2,
    Init = 3,
}

public readonly record struct RelationFork(RelationFile File, Fork Fork) : IComparable<RelationFork>
{
    public int CompareTo(RelationFork other) =>
        File != other.File ? File.CompareTo(other.File) : Fork.CompareTo(other.Fork);

    public static bool operator <(RelationFork left, RelationFork right) => left.CompareTo(right) < 0;
    public static bool operator >(RelationFork left, RelationFork right) => left.CompareTo(right) > 0;
    public static bool operator <=(RelationFork left, RelationFork right) => left.CompareTo(right) <= 0;
    public static bool operator >=(RelationFork left, RelationFork right) => left.CompareTo(right) >= 0;

    public override string ToString() => Fork == Fork.Main ? File.ToString() : $"{File} {Fork}";
}

using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Admin;

/// <summary>As PgBouncer declares its columns, so that typed drivers read the same.</summary>
public enum AdminType
{
    Text,
    Int4,
    Int8,
    Numeric,
}

public readonly record struct AdminColumn(string Name, AdminType Type)
{
    /// <summary>Of the type, as RowDescription has it.</summary>
    public int TypeOid => Type switch
    {
        AdminType.Text => 25,
        AdminType.Int4 => 23,
        AdminType.Int8 => 20,
        AdminType.Numeric => 1700,
    };

    /// <summary>In bytes; -1 for types of any length.</summary>
    public short TypeLength => Type switch
    {
        AdminType.Text or AdminType.Numeric => -1,
        AdminType.Int4 => 4,
        AdminType.Int8 => 8,
    };
}

/// <param name="Rows">Values in text format, as many as there are columns; null is NULL.</param>
public sealed record AdminTable(ImmutableArray<AdminColumn> Columns, ImmutableArray<ImmutableArray<string?>> Rows);

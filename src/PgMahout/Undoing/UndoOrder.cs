using System.Collections.Immutable;
using PgMahout.Core.Undo;

namespace PgMahout.Undoing;

/// <summary>What kind of thing is to come back.</summary>
internal enum UndoKind
{
    Drop,
    Truncate,
    Schema,
    Database,
}

/// <summary>What <c>undo drop</c> and its kind were told.</summary>
/// <param name="Repository">Null: the first.</param>
/// <param name="Since">How far back losses are looked for.</param>
internal sealed record UndoOrder(UndoKind Kind, WantedName Name, LossPick Pick, string? Repository, TimeSpan Since)
{
    /// <summary>Another name in the cluster.</summary>
    public string? As { get; init; }

    /// <summary>Nothing is brought into the cluster; a script of SQL is written there.</summary>
    public string? ToFile { get; init; }

    public int? Jobs { get; init; }

    public bool DryRun { get; init; }
}

/// <summary>What is going to be brought back, and from where.</summary>
/// <param name="Relations">Of the loss, those that were asked for; empty while only their name is known.</param>
/// <param name="Others">Losses of the same name that are not meant.</param>
/// <param name="Needs">Which files of the backup the side server needs.</param>
internal sealed record UndoPlan(
    Loss Loss,
    ImmutableArray<LostRelation> Relations,
    ImmutableArray<Loss> Others,
    Core.Backup.RestorePlan Restore,
    NeededFiles Needs)
{
    /// <summary>It is known that what was asked for is in the loss.</summary>
    public bool IsNamed => !Relations.IsEmpty || Loss.Cause == LossCause.DatabaseDropped;

    public uint Database => Loss.Database.Oid;
}

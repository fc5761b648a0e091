using PgMahout.Core.Protocol;

namespace PgMahout.Core.Backup;

/// <summary>Why a server does not stream, as far as an archiver can do something about it.</summary>
public enum StreamRefusal
{
    /// <summary>Somebody else streams through the slot: another archiver of this repository.</summary>
    SlotBusy,

    SlotMissing,

    /// <summary>The server gave up the slot's WAL because it became too much.</summary>
    SlotLost,

    /// <summary>What comes next is no longer in the server's pg_wal.</summary>
    WalGone,

    /// <summary>Nothing but trying again later.</summary>
    Other,
}

public static class StreamRefusals
{
    public static StreamRefusal Of(ServerError? error) => error?.SqlState switch
    {
        SqlState.ObjectInUse => StreamRefusal.SlotBusy,
        SqlState.UndefinedObject => StreamRefusal.SlotMissing,
        SqlState.ObjectNotInPrerequisiteState => StreamRefusal.SlotLost,
        SqlState.UndefinedFile => StreamRefusal.WalGone,
        _ => StreamRefusal.Other,
    };
}

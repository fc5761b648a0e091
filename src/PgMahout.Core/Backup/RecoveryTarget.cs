using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>The point that somebody asked to go back to.</summary>
public abstract record RecoveryTarget
{
    private RecoveryTarget() { }

    /// <summary>Everything that the archive holds.</summary>
    public sealed record Latest : RecoveryTarget;

    /// <summary>Every commit up to this moment, none after it.</summary>
    public sealed record AtTime(DateTimeOffset Time) : RecoveryTarget;

    /// <summary>Every record that begins before this address.</summary>
    public sealed record AtLsn(Lsn Lsn) : RecoveryTarget;

    /// <summary>Up to the end of this transaction; without it when <paramref name="Before"/>.</summary>
    public sealed record AtTransaction(uint Xid, bool Before) : RecoveryTarget;

    /// <summary>A restore point that was named with pg_create_restore_point.</summary>
    public sealed record AtName(string Name) : RecoveryTarget;
}

/// <summary>
/// What WAL was found to say about a target: an address where replay stops. A time, a transaction and a name are all
/// resolved to one, so that what was announced is exactly what is done.
/// </summary>
/// <param name="Stop">
/// Replay stops at the first record that begins here or later. Null: at the end of what the archive holds.
/// </param>
/// <param name="Inclusive">The record that begins exactly at <paramref name="Stop"/> is replayed too.</param>
/// <param name="LastCommit">When the last transaction that is in was committed; null when no commit is known.</param>
public sealed record ResolvedTarget(Lsn? Stop, bool Inclusive, DateTimeOffset? LastCommit);

using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>Where a member's new data comes from.</summary>
public enum CopyOrigin
{
    /// <summary>A repository where one has what is needed, else the primary.</summary>
    Auto,

    /// <summary>A repository, or nothing.</summary>
    Repository,

    /// <summary>The primary, all of it.</summary>
    Primary,
}

/// <summary>What the leader says when somebody is going to copy it.</summary>
/// <param name="KeptFrom">It keeps all WAL from there on for the copy.</param>
/// <param name="Size">Of its databases.</param>
public readonly record struct CopySource(Lsn KeptFrom, ByteSize Size);

/// <summary>Whether a repository can give a copy that the leader's WAL then continues. Pure.</summary>
public static class CopyPolicy
{
    /// <summary>Replaying less than this is never slower than copying.</summary>
    private static readonly ByteSize Little = ByteSize.Megabytes(256);

    /// <param name="offered">Along the leader's history, up to the end of the archive.</param>
    /// <param name="refusal">Why not, when null is answered.</param>
    public static RestorePlan? Decide(
        CopyOrigin wanted, RestoreAnswer offered, CopySource source, out string refusal)
    {
        refusal = "";
        switch (offered)
        {
            case RestoreAnswer.NoBackup:
                refusal = "it has no backup of the leader's history";
                return null;
            case RestoreAnswer.Outside:
                refusal = "no backup in it is consistent with the WAL that it has";
                return null;
            case RestoreAnswer.Possible { Plan: var plan }:
                if (plan.Reach < source.KeptFrom)
                    refusal = $"its WAL ends at {plan.Reach}, and the leader keeps what follows {source.KeptFrom} only";
                else if (wanted == CopyOrigin.Auto && plan.Replay > Most(source.Size))
                    refusal = $"{plan.Replay} of WAL would be replayed for {source.Size} of data";
                return refusal.Length == 0 ? plan : null;
            default:
                throw new InvalidOperationException($"unknown answer {offered}");
        }
    }

    private static ByteSize Most(ByteSize size) => size > Little ? size : Little;
}

using System.Globalization;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Restoring;

/// <summary>
/// Points and plans in words: always with the offset, and with the address that a time was found to mean.
/// </summary>
internal static class RestoreText
{
    public static string Of(RecoveryTarget target) => target switch
    {
        RecoveryTarget.Latest => "the latest point",
        RecoveryTarget.AtTime at => Moment(at.Time),
        RecoveryTarget.AtLsn at => $"LSN {at.Lsn}",
        RecoveryTarget.AtTransaction { Before: true } at => $"the moment before transaction {at.Xid}",
        RecoveryTarget.AtTransaction at => $"transaction {at.Xid}",
        RecoveryTarget.AtName at => $"restore point '{at.Name}'",
        _ => throw new InvalidOperationException($"unknown target {target}"),
    };

    public static string Of(RecoveryWindow window) =>
        $"from {Moment(window.First.StoppedAt)} ({window.From}) to {window.To} on timeline {window.Line.Current}";

    /// <summary>What will be done, before it is done.</summary>
    public static string Of(RestorePlan plan, RecoveryTarget target)
    {
        var stop = plan.Target switch
        {
            { Stop: null } => $"the end of the archive at {plan.Reach}",
            { Inclusive: true, Stop: var lsn } => $"the record at {lsn}, with it",
            { Stop: var lsn } => $"right before the record at {lsn}",
        };
        var last = plan.Target.LastCommit is { } commit ? $"; the last commit in it is of {Moment(commit)}" : "";
        return $"""
            point    {Of(target)}
            means    {stop}, timeline {plan.Line.Current}{last}
            backup   {string.Join(" + ", plan.Chain.Select(backup => backup.Id))}, of {Moment(plan.Backup.StoppedAt)}
            replay   {plan.Replay} of WAL from {plan.Backup.Start}
            """;
    }

    /// <summary>In UTC, and in local time where that is another one.</summary>
    public static string Moment(DateTimeOffset at)
    {
        var utc = at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFF", CultureInfo.InvariantCulture) + " UTC";
        var local = TimeZoneInfo.ConvertTime(at, TimeZoneInfo.Local);
        return local.Offset == TimeSpan.Zero
            ? utc
            : $"{utc} ({local.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)})";
    }

    public static string Of(Lsn? lsn) => lsn?.ToString() ?? "-";
}

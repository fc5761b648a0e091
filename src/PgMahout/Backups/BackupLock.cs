using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Errors;

namespace PgMahout.Backups;

/// <summary>
/// One backup, expiry or restore of a cluster at a time. The kernel lets go of it when its process ends.
/// </summary>
internal static class BackupLock
{
    public static Failure Busy(HomeLayout home) =>
        new Failure(ErrorCatalogue.BackupBusy, "another backup, expiry or restore of this cluster is under way")
            .Because(PidLock.Holder(home.BackupLock) is { } pid
                ? $"process {pid} holds {home.BackupLock}"
                : $"{home.BackupLock} is locked")
            .Try("pgmahout status");
}

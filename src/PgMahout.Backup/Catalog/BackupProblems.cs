using PgMahout.Backup.Framing;
using PgMahout.Postgres;

namespace PgMahout.Backup.Catalog;

internal static class BackupProblems
{
    public static Problem Damaged(string name, string why) => new(
        FrameCodec.DamagedCode,
        $"{name} is damaged",
        why,
        "nothing of it was used",
        "another repository or an earlier backup may have it whole: pgmahout backup verify");

    public static Problem Refused(string what, string why, string next) => new(
        "backup-refused", what, why, "no backup was made", next);
}

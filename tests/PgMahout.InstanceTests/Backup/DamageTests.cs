using PgMahout.Backup.Framing;
using PgMahout.Backup.Restoring;
using PgMahout.Backup.Verifying;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>What was damaged is found; what broke off leaves nothing half.</summary>
public sealed class DamageTests
{
    private const string Table =
        "CREATE TABLE t AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, 40000) i";

    [Theory]
    [InlineData(CompressionKind.None)]
    [InlineData(CompressionKind.Lz4)]
    [InlineData(CompressionKind.Zstd)]
    public async Task A_flipped_bit_in_any_object_is_found_and_refused(CompressionKind kind)
    {
        await using var lab = await BackupLab.StartAsync(15, Compression.Of(kind, null));
        await lab.Server.ExecuteAsync(Table);
        var backup = await lab.BackupAsync();
        await lab.Server.StopAsync();
        var directory = Path.Combine(lab.StoreDirectory, $"{lab.SystemIdentifier:x16}", "backup");
        var objects = Directory.GetFiles(directory, "*", SearchOption.AllDirectories);
        Assert.True(objects.Length >= 3, string.Join(' ', objects));
        var prng = new Prng(5);
        Assert.Empty((await VerifyAsync(lab, backup)).Damaged);
        var unseen = 0;

        foreach (var path in objects)
        {
            var whole = await File.ReadAllBytesAsync(path);
            for (var flips = 0; flips < 3; flips++)
            {
                var damaged = whole.ToArray();
                damaged[prng.Below(damaged.Length)] ^= (byte)(1 << prng.Below(8));
                await File.WriteAllBytesAsync(path, damaged);
                // A restore that found the right bytes in place would not need the damaged ones.
                Directory.CreateDirectory(lab.Path("restored"));
                var isSeen = !(await VerifyAsync(lab, backup)).Damaged.IsEmpty;
                unseen += isSeen ? 0 : 1;
                Assert.Equal(isSeen ? FrameCodec.DamagedCode : null, (await RestoreAsync(lab, backup)).Failure?.Code);
                Directory.Delete(lab.Path("restored"), recursive: true);
            }
            await File.WriteAllBytesAsync(path, whole);
        }

        // A few bits of a compressed frame mean nothing, such as where in a row of zeros a zero is copied from: what
        // comes out has been compared with its hash all the same, and is restored.
        Assert.InRange(unseen, 0, kind == CompressionKind.None ? 0 : 3);
        TestMember.Done(await RestoreAsync(lab, backup));
    }

    private static async Task<Verification> VerifyAsync(BackupLab lab, StoredHead backup) =>
        TestMember.Done(await new VerifyRun(lab.Repository, lab.SystemIdentifier, 2).BackupAsync(
            backup.Head.Id, default));

    private static Task<Outcome<RestoredBackup>> RestoreAsync(BackupLab lab, StoredHead backup) =>
        new RestoreRun(lab.RestoreRequest(backup.Head.Id, "restored"), TimeProvider.System).RunAsync(default);
}

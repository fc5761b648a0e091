using Microsoft.Win32.SafeHandles;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Backup.Copying;

/// <summary>Reads pages that a server may be writing at the same moment.</summary>
internal static class PageReading
{
    private const int Block = BackupManifest.BlockSize;
    private const int Attempts = 5;

    /// <summary>Bytes read; fewer than wanted only at the end of the file.</summary>
    public static int Fill(SafeFileHandle file, Span<byte> into, long at)
    {
        var read = 0;
        while (read < into.Length && RandomAccess.Read(file, into[read..], at + read) is > 0 and var more)
            read += more;
        return read;
    }

    /// <summary>
    /// Checks every whole page that was last changed before the backup began. One that is wrong is read again, for it
    /// may have been half written, and told of when it stays wrong.
    /// </summary>
    /// <param name="bad">Gets the number of the block within the fork.</param>
    public static void Check(
        SafeFileHandle file, Span<byte> pages, long at, RelationPages relation, Action<uint> bad)
    {
        var first = relation.Segment.FirstBlock + (uint)(at / Block);
        for (var i = 0; i < pages.Length / Block; i++)
        {
            var page = pages.Slice(i * Block, Block);
            if (IsRight(page, first + (uint)i, relation.CheckedBefore))
                continue;
            if (!BecomesRight(file, page, at + i * Block, first + (uint)i, relation.CheckedBefore))
                bad(first + (uint)i);
        }
    }

    private static bool BecomesRight(
        SafeFileHandle file, Span<byte> page, long at, uint block, Lsn before)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (Fill(file, page, at) < Block || IsRight(page, block, before))
                return true;
            // A write of 8 kB is over in microseconds, unless its process has just lost the processor.
            Thread.Yield();
        }
        return false;
    }

    private static bool IsRight(ReadOnlySpan<byte> page, uint block, Lsn before) =>
        PageChecks.IsNew(page) || PageChecks.ChangedAt(page) >= before || PageChecks.IsSound(page, block);
}

/// <summary>Which file the pages are of, and which of them must be right.</summary>
internal readonly record struct RelationPages(RelationSegment Segment, Lsn CheckedBefore);

using System.Globalization;

namespace PgMahout.Postgres.Processes;

/// <summary>A range of a process's addresses that shows a file.</summary>
/// <param name="Permissions">As the kernel writes them: r-xp, say; the last letter tells private from shared.</param>
/// <param name="ChangedKilobytes">
/// Pages of it that differ from the file, in memory or swapped out: they exist nowhere else.
/// </param>
internal sealed record FileMapping(ulong Begin, ulong End, string Permissions, string File, long ChangedKilobytes)
{
    // BEGIN-END PERMISSIONS OFFSET DEVICE INODE PATH
    private const int HeaderFields = 6;
    private const string NoInode = "0";

    /// <summary>A program or library, which stays loaded for as long as the process lives.</summary>
    private bool IsCode => File.EndsWith(".dll", StringComparison.Ordinal)
        || File.EndsWith(".so", StringComparison.Ordinal) || File.Contains(".so.", StringComparison.Ordinal);

    /// <summary>
    /// Nothing in it differs from the file, and nothing can: whatever of it is dropped is found there again.
    /// </summary>
    public bool IsIntactCode => IsCode && Permissions is ['r', '-', _, 'p'] && ChangedKilobytes == 0;

    /// <param name="lines">/proc/PID/smaps: for each mapping a line with its addresses, then lines about it.</param>
    public static IEnumerable<FileMapping> Parse(IEnumerable<string> lines)
    {
        FileMapping? current = null;
        foreach (var line in lines)
        {
            var fields = line.Split(' ', HeaderFields, StringSplitOptions.RemoveEmptyEntries);
            if (fields is ["Anonymous:" or "Swap:", var kilobytes, ..])
                current = current?.With(long.Parse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture));
            else if (fields.Length >= HeaderFields - 1 && fields[0].Contains('-', StringComparison.Ordinal))
            {
                if (current is not null)
                    yield return current;
                current = Begun(fields);
            }
        }
        if (current is not null)
            yield return current;
    }

    /// <summary>Null when it shows no file.</summary>
    private static FileMapping? Begun(string[] fields)
    {
        if (fields is not [var range, var permissions, _, _, not NoInode, var file])
            return null;
        var dash = range.IndexOf('-', StringComparison.Ordinal);
        return new FileMapping(Address(range[..dash]), Address(range[(dash + 1)..]), permissions, file, 0);
    }

    private FileMapping With(long changed) => this with { ChangedKilobytes = ChangedKilobytes + changed };

    private static ulong Address(string text) =>
        ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

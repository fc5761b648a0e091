namespace PgMahout.Processes;

/// <summary>The end of a log file, for messages that must not send their reader to look for it.</summary>
public static class LogTail
{
    private const int MostBytes = 64 << 10;

    /// <summary>The last lines; null when there are none or they cannot be read.</summary>
    public static string? Of(string file, int lines)
    {
        try
        {
            using var stream =
                new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Seek(-Math.Min(stream.Length, MostBytes), SeekOrigin.End);
            using var reader = new StreamReader(stream);
            var all = reader.ReadToEnd().TrimEnd().Split('\n');
            var text = string.Join('\n', all.TakeLast(lines));
            return text.Length == 0 ? null : text;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

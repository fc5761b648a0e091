using System.Collections.Immutable;
using System.Text;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Processes;

/// <summary>One log file, read from where it was left.</summary>
internal sealed class LogSource(string tag, string file)
{
    private const int TimeLength = 23;
    private const int MostBytes = 4 << 20;

    private long _read;
    private string _time = "";

    /// <summary>
    /// The logs of a member: its agent's, what its server said while starting, and its newest server log.
    /// </summary>
    public static IEnumerable<LogSource> Of(HomeLayout home, MemberName member)
    {
        yield return new LogSource($"{member} agent", home.AgentLog(member));
        yield return new LogSource($"{member} start", home.StartLog(member));
        var directory = Path.Combine(home.MemberDirectory(member), "log");
        if (Directory.Exists(directory)
            && Directory.EnumerateFiles(directory).MaxBy(File.GetLastWriteTimeUtc) is { } newest)
            yield return new LogSource($"{member} postgres", newest);
    }

    public IEnumerable<LogLine> Tail(int lines) => New().TakeLast(lines);

    /// <summary>The whole lines that were written since the last look.</summary>
    public ImmutableArray<LogLine> New()
    {
        var lines = ImmutableArray.CreateBuilder<LogLine>();
        foreach (var line in Read().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // A line without a time belongs to the one before it.
            if (line.Length >= TimeLength && char.IsAsciiDigit(line[0]) && line[4] == '-')
                _time = line[..TimeLength].Replace('T', ' ');
            lines.Add(new LogLine(_time, $"{tag}: {line}"));
        }
        return lines.ToImmutable();
    }

    private string Read()
    {
        try
        {
            using var stream =
                new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length < _read)
                _read = 0;
            stream.Seek(Math.Max(_read, stream.Length - MostBytes), SeekOrigin.Begin);
            var bytes = new byte[stream.Length - stream.Position];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var whole = Array.LastIndexOf(bytes, (byte)'\n', Math.Max(0, length - 1)) + 1;
            _read = stream.Position - length + whole;
            return Encoding.UTF8.GetString(bytes, 0, whole);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

/// <param name="At">Time as text that sorts; a line without one has that of the line before it.</param>
internal sealed record LogLine(string At, string Text);

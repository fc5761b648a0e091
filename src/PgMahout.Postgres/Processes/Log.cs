using System.Globalization;
using System.Text;

namespace PgMahout.Postgres.Processes;

/// <summary>How much a line of a log matters; the numbers are syslog's.</summary>
public enum Severity
{
    Error = 3,
    Warning = 4,
    Notice = 5,
    Information = 6,
}

/// <summary>
/// Lines on the standard error of a process that stays. Where that is systemd's journal, each line begins with its
/// severity, which the journal takes off and keeps.
/// </summary>
public static class Log
{
    private const string JournalVariable = "JOURNAL_STREAM";

    private static volatile bool _prefixes;

    /// <summary>
    /// To be called before anything is written. Whatever is written to the standard error without a severity is an
    /// error from then on.
    /// </summary>
    public static void Begin()
    {
        if (_prefixes || !IsJournal(Environment.GetEnvironmentVariable(JournalVariable)))
            return;
        _prefixes = true;
        Console.SetError(TextWriter.Synchronized(new PrefixedWriter(Console.Error)));
    }

    /// <summary>
    /// One entry; every line of it has the severity. It is one write, so that lines of two threads are not mixed.
    /// </summary>
    public static void Write(Severity severity, string text) =>
        Console.Error.WriteLine(_prefixes ? Prefixed(severity, text) : text);

    /// <summary>"&lt;3&gt;" before every line that has none.</summary>
    internal static string Prefixed(Severity severity, string text)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"<{(int)severity}>");
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return string.Join('\n', lines.Select(line => HasPrefix(line) ? line : prefix + line));
    }

    /// <param name="stream">DEVICE:INODE of the journal's end, in decimal digits; null without a journal.</param>
    internal static bool IsJournal(string? stream) =>
        stream?.Split(':') is [var device, var inode]
        && ulong.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out var wantedDevice)
        && ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out var wantedInode)
        && LibC.IdentityOf(2) == (wantedDevice, wantedInode);

    private static bool HasPrefix(string line) => line is ['<', >= '0' and <= '7', '>', ..];

    /// <summary>Whole lines only: what is written in pieces waits for its end.</summary>
    private sealed class PrefixedWriter(TextWriter journal) : TextWriter
    {
        private readonly StringBuilder _line = new();

        public override Encoding Encoding => journal.Encoding;

        public override void Write(char value)
        {
            if (value == '\n')
                WriteLine();
            else
                _line.Append(value);
        }

        public override void Write(string? value)
        {
            foreach (var letter in value ?? "")
                Write(letter);
        }

        public override void WriteLine(string? value)
        {
            _line.Append(value);
            WriteLine();
        }

        public override void WriteLine()
        {
            var text = _line.ToString();
            _line.Clear();
            journal.Write(Prefixed(Severity.Error, text) + "\n");
        }

        public override void Flush() => journal.Flush();
    }
}

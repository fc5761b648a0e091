using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace PgMahout.Core.Diagnosis;

/// <summary>Reads a server's log for what went wrong last. It understands PostgreSQL 14 to 18, in English.</summary>
public static partial class ServerLog
{
    private const int MostEvidence = 6;

    /// <summary>What went wrong in the end; null when nothing did, or a later start made it history.</summary>
    /// <param name="lines">In the order in which they were written.</param>
    public static ServerFailure? LastFailure(IReadOnlyList<string> lines, LogReading reading)
    {
        var (ready, streams) = (LastIndex(lines, Ready().IsMatch), LastIndex(lines, Streams().IsMatch));
        // Whatever was the case before somebody stopped the server, it did not stop because of it.
        var stopped = LastIndex(lines, Stopped().IsMatch);
        for (var end = lines.Count - 1; end > stopped; end--)
        {
            if (!IsFailure(lines[end]))
                continue;
            var matters = Symptoms.All.Where(symptom => symptom.Ends switch
            {
                SymptomEnd.Start => end > ready,
                SymptomEnd.Streaming => end > streams,
                SymptomEnd.Never => true,
            });
            if (Explain(Block(lines, end), reading, matters, end > ready) is { } failure)
                return failure;
        }
        return null;
    }

    /// <summary>From behind the failure before it to the notes after it.</summary>
    private static ImmutableArray<string> Block(IReadOnlyList<string> lines, int end)
    {
        var begin = end;
        while (begin > 0 && !IsFailure(lines[begin - 1]) && !Ready().IsMatch(lines[begin - 1]))
            begin--;
        var last = end;
        while (last + 1 < lines.Count && IsNote(lines[last + 1]))
            last++;
        return [.. lines.Skip(begin).Take(last - begin + 1)];
    }

    private static ServerFailure? Explain(
        ImmutableArray<string> block, LogReading reading, IEnumerable<Symptom> symptoms, bool unknownMatters)
    {
        foreach (var symptom in symptoms)
        {
            // The last line that fits tells most; the notes belong to it.
            var at = LastIndex(block, line => symptom.Find(Message(line)).Success);
            if (at < 0)
                continue;
            ImmutableArray<string> lines =
                [block[at], .. block.Skip(at + 1).TakeWhile(IsNote).Take(MostEvidence - 1)];
            var finding = new Finding(symptom.Find(Message(block[at])), lines, reading);
            var remedy = symptom.Explain(finding);
            return new ServerFailure(symptom.Cause, remedy.What, lines, [.. remedy.Fixes]);
        }
        var isKnown = Symptoms.All.Any(symptom => block.Any(line => symptom.Find(Message(line)).Success));
        return unknownMatters && !isKnown ? Unknown(block) : null;
    }

    /// <summary>A start that failed in a way that nobody foresaw is still shown.</summary>
    private static ServerFailure? Unknown(ImmutableArray<string> block)
    {
        var at = LastIndex(block, line => Fatal().IsMatch(line));
        return at < 0 || Client().IsMatch(block[at])
            ? null
            : new ServerFailure(
                "unknown", "The server ended with the message below, which pgmahout has no explanation for.",
                [.. block.Skip(Math.Max(0, at - 2)).Take(MostEvidence)], []);
    }

    private static int LastIndex(IReadOnlyList<string> lines, Func<string, bool> fits)
    {
        var at = lines.Count - 1;
        while (at >= 0 && !fits(lines[at]))
            at--;
        return at;
    }

    // Notes quote the statement or the value, and must not be taken for the message itself.
    private static string Message(string line) => IsNote(line) ? "" : line;

    private static bool IsNote(string line) => Note().IsMatch(line) || line.StartsWith('\t');

    private static bool IsFailure(string line) => Failing().IsMatch(line);

    [GeneratedRegex(@"LOG:  database system is ready to accept (read-only )?connections")]
    private static partial Regex Ready();

    [GeneratedRegex(@"LOG:  started streaming WAL from primary")]
    private static partial Regex Streams();

    [GeneratedRegex(@"LOG:  received (fast|smart) shutdown request")]
    private static partial Regex Stopped();

    [GeneratedRegex(@"\b(DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION):  ")]
    private static partial Regex Note();

    [GeneratedRegex(@"\b(FATAL|PANIC):  ")]
    private static partial Regex Fatal();

    /// <summary>
    /// What an administrator or a client does to a session, the end of one by a shutdown, and that of a receiver of
    /// WAL: its server runs on, and begins another.
    /// </summary>
    [GeneratedRegex(
        @"FATAL:  (terminating|the database system is (starting up|shutting down|in recovery|not (yet )?accepting)"
        + @"|canceling|connection to client lost|could not send (data to WAL stream|end-of-streaming message)"
        + @"|database ""[^""]*"" does not exist|role ""[^""]*"" does not exist)")]
    private static partial Regex Client();

    [GeneratedRegex(
        @"\b(FATAL|PANIC):  |archive command failed|was terminated by signal 9|No space left on device"
        + @"|hot standby is not possible|out of memory|^postgres: |execution of the PostgreSQL server"
        + @"|could not receive data from WAL stream|new timeline \d+ forked off|^initdb: error|private key file")]
    private static partial Regex Failing();
}

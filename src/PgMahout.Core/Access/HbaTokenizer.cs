using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Access;

/// <summary>
/// From text to fields, by PostgreSQL's rules: a field is a list of words with commas between them, a quote may begin
/// and end anywhere in a word, two quotes in a quoted part are one, # begins a comment, and a backslash at the end of a
/// line continues it.
/// </summary>
internal static class HbaTokenizer
{
    /// <summary>The logical lines that hold at least one word.</summary>
    public static IEnumerable<HbaFields> Split(string text)
    {
        var lines = text.Split('\n');
        for (var index = 0; index < lines.Length;)
        {
            var logical = Logical(lines, index);
            index += logical.Count;
            if (logical.Read() is { Fields.IsEmpty: false } fields)
                yield return fields;
        }
    }

    private static LogicalLine Logical(string[] lines, int first)
    {
        var text = new StringBuilder();
        var starts = new List<int>();
        for (var index = first; ; index++)
        {
            starts.Add(text.Length);
            // PostgreSQL takes one line break off, written as \n or \r\n.
            var line = lines[index].TrimEnd('\r');
            var continued = line.EndsWith('\\') && index + 1 < lines.Length;
            text.Append(line.EndsWith('\\') ? line[..^1] : line);
            if (!continued)
                return new LogicalLine(first + 1, text.ToString(), starts);
        }
    }

    /// <param name="Starts">Where each physical line begins in the text.</param>
    private sealed record LogicalLine(int Number, string Text, List<int> Starts)
    {
        public int Count => Starts.Count;

        public HbaFields Read()
        {
            var fields = ImmutableArray.CreateBuilder<ImmutableArray<HbaToken>>();
            var (at, end) = (0, 0);
            while (ReadField(ref at) is { IsEmpty: false } field)
            {
                fields.Add(field);
                end = at;
            }
            return new HbaFields(Number, Count, Text, fields.ToImmutable(), Place(end));
        }

        private ImmutableArray<HbaToken> ReadField(ref int at)
        {
            var tokens = ImmutableArray.CreateBuilder<HbaToken>();
            bool comma;
            do
            {
                if (ReadToken(ref at, out comma) is not { } token)
                    break;
                tokens.Add(token);
            }
            while (comma);
            return tokens.ToImmutable();
        }

        private HbaToken? ReadToken(ref int at, out bool comma)
        {
            comma = false;
            while (at < Text.Length && (IsBlank(Text[at]) || Text[at] == ','))
                at++;
            var start = at;
            var word = new StringBuilder();
            var (inQuote, wasQuote, sawQuote, initialQuote) = (false, false, false, false);
            for (; at < Text.Length && (inQuote || !IsBlank(Text[at])); at++)
            {
                var c = Text[at];
                // Left where it is: whoever reads on finds the comment again, and nothing else.
                if (c == '#' && !inQuote)
                    break;
                if (c == ',' && !inQuote)
                {
                    comma = true;
                    at++;
                    break;
                }
                if (c != '"' || wasQuote)
                    word.Append(c);
                wasQuote = inQuote && c == '"' && !wasQuote;
                if (c != '"')
                    continue;
                inQuote = !inQuote;
                sawQuote = true;
                initialQuote |= word.Length == 0;
            }
            return Token(word, initialQuote, sawQuote, start);
        }

        private HbaToken? Token(StringBuilder word, bool initialQuote, bool sawQuote, int start)
        {
            if (word.Length == 0 && !sawQuote)
                return null;
            var (line, column) = Place(start);
            return new HbaToken(word.ToString(), initialQuote, line, column);
        }

        private (int Line, int Column) Place(int at)
        {
            var index = Starts.FindLastIndex(start => start <= at);
            return (Number + index, at - Starts[index] + 1);
        }

        private static bool IsBlank(char c) => c is ' ' or '\t' or '\r';
    }
}

/// <summary>The fields of one logical line.</summary>
/// <param name="Number">Its first physical line.</param>
/// <param name="Count">Of physical lines.</param>
/// <param name="End">Where the last field ends.</param>
internal sealed record HbaFields(
    int Number,
    int Count,
    string Text,
    ImmutableArray<ImmutableArray<HbaToken>> Fields,
    (int Line, int Column) End);

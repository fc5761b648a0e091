using System.Text.RegularExpressions;

namespace PgMahout.Tests.Tidy;

/// <summary>
/// The types and methods of one source file, found by counting braces. Enough for budgets, and no compiler needed;
/// local functions and lambdas count as part of the method they are in.
/// </summary>
internal sealed partial class CSharpFile
{
    private readonly string _code;
    private readonly List<CSharpMethod> _methods = [];
    private readonly List<string> _typeHeaders = [];

    private CSharpFile(string source)
    {
        _code = CSharpText.CodeOf(source);
        ReadMembers(0, _code.Length);
    }

    public IReadOnlyList<CSharpMethod> Methods => _methods;

    /// <summary>What stands before the braces of each type: <c>public sealed class Prng(ulong seed)</c>.</summary>
    public IReadOnlyList<string> TypeHeaders => _typeHeaders;

    public static CSharpFile Parse(string source) => new(source);

    private void ReadMembers(int from, int to)
    {
        var start = from;
        for (var at = from; at < to; at++)
        {
            switch (_code[at])
            {
                case '(' or '[':
                    at = Matching(at, to);
                    break;
                case '}':
                    start = at + 1;
                    break;
                case ';':
                    ReadType(start, at);
                    start = at + 1;
                    break;
                case '{':
                    ReadBraces(start, at, Matching(at, to));
                    at = Matching(at, to);
                    start = at + 1;
                    break;
                case '=' when IsAssignment(start, at):
                    var end = Semicolon(at, to);
                    ReadMethod(start, at, end);
                    at = end;
                    start = end + 1;
                    break;
            }
        }
    }

    private void ReadBraces(int start, int open, int close)
    {
        var isSpace = NamespaceHeader().IsMatch(_code[start..open]);
        if (isSpace || ReadType(start, open))
            ReadMembers(open + 1, close);
        else
            ReadMethod(start, open, close);
    }

    private bool ReadType(int start, int end)
    {
        var header = HeaderOf(start, end, out _);
        var beforeParameters = header.Split('(')[0];
        if (!TypeHeader().IsMatch(beforeParameters))
            return false;
        _typeHeaders.Add(header);
        return true;
    }

    private void ReadMethod(int start, int headerEnd, int end)
    {
        var header = HeaderOf(start, headerEnd, out var skipped);
        if (CSharpMethod.Of(header, _code, start + skipped, Math.Min(end + 1, _code.Length)) is { } method)
            _methods.Add(method);
    }

    /// <summary>Without the attributes before it.</summary>
    private string HeaderOf(int start, int end, out int skipped)
    {
        var at = start;
        while (at < end && (char.IsWhiteSpace(_code[at]) || _code[at] == '['))
            at = _code[at] == '[' ? Matching(at, end) + 1 : at + 1;
        skipped = at - start;
        return _code[at..end].Trim();
    }

    /// <summary>Also the arrow of an expression body, but no comparison, and not the name of an operator.</summary>
    private bool IsAssignment(int start, int at) =>
        _code[at - 1] is not ('=' or '!' or '<' or '>')
        && _code[at + 1] != '='
        && !OperatorAtEnd().IsMatch(_code[start..at]);

    private int Semicolon(int from, int to)
    {
        for (var at = from; at < to; at++)
            if (_code[at] == ';')
                return at;
            else if (_code[at] is '(' or '[' or '{')
                at = Matching(at, to);
        return to;
    }

    private int Matching(int open, int to)
    {
        var depth = 0;
        for (var at = open; at < to; at++)
        {
            depth += _code[at] switch { '(' or '[' or '{' => 1, ')' or ']' or '}' => -1, _ => 0 };
            if (depth == 0)
                return at;
        }
        return to - 1;
    }

    [GeneratedRegex(@"\bnamespace\s+[\w.]+\s*$")]
    private static partial Regex NamespaceHeader();

    [GeneratedRegex(@"\b(class|struct|interface|record|enum)\s+\w+")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"\boperator\s*$")]
    private static partial Regex OperatorAtEnd();
}

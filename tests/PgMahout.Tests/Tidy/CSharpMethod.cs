using System.Text.RegularExpressions;

namespace PgMahout.Tests.Tidy;

/// <summary>A method, constructor or operator, as far as its size is concerned.</summary>
/// <param name="Line">Of its signature, from 1.</param>
/// <param name="Lines">From the signature to the closing brace or semicolon.</param>
/// <param name="Nesting">How deep its deepest statement stands inside other statements.</param>
internal sealed partial record CSharpMethod(string Name, int Line, int Lines, int Parameters, int Nesting)
{
    private static readonly HashSet<string> NotNames =
    [
        "static", "public", "private", "internal", "protected", "async", "override", "virtual", "readonly", "sealed",
        "new", "unsafe", "abstract", "partial", "extern", "required", "ref", "return", "where", "",
    ];

    /// <summary>The method whose header this is; null when it is that of something else.</summary>
    public static CSharpMethod? Of(string header, string code, int start, int end)
    {
        if (header.StartsWith('=') || ParametersOf(header) is not { } found)
            return null;
        var body = code[start..end];
        return new CSharpMethod(
            found.Name,
            code.AsSpan(0, start).Count('\n') + 1,
            body.AsSpan().Count('\n') + 1,
            CountParameters(found.Parameters),
            DeepestNesting(body));
    }

    /// <summary>Parameters of a type's primary constructor; 0 when it has none.</summary>
    public static int CountOfPrimaryConstructor(string header) =>
        ParametersOf(header) is { } found ? CountParameters(found.Parameters) : 0;

    private static (string Name, string Parameters)? ParametersOf(string header)
    {
        var depth = 0;
        for (var i = 0; i < header.Length; i++)
        {
            if (depth == 0 && header[i] == '(' && NameBefore(header[..i]) is var name && !NotNames.Contains(name))
                return (name, header[(i + 1)..Closing(header, i)]);
            depth += header[i] switch { '(' or '<' or '[' => 1, ')' or '>' or ']' => -1, _ => 0 };
        }
        return null;
    }

    private static string NameBefore(string text) => NameAtEnd().Match(text).Groups[1].Value;

    private static int Closing(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth == 0)
                return i;
        }
        return text.Length;
    }

    private static int CountParameters(string parameters)
    {
        var depth = 0;
        var commas = 0;
        foreach (var c in parameters)
        {
            depth += c switch { '(' or '<' or '[' or '{' => 1, ')' or '>' or ']' or '}' => -1, _ => 0 };
            if (c == ',' && depth == 0)
                commas++;
        }
        return string.IsNullOrWhiteSpace(parameters) ? 0 : commas + 1;
    }

    private static int DeepestNesting(string body)
    {
        var below = body.Split('\n').Skip(1).Where(line => line.Trim().Length > 0);
        var outer = below.Select(Indentation).DefaultIfEmpty().Min();
        return Statement().Matches(body).Select(match => (match.Groups[1].Length - outer) / 4).DefaultIfEmpty().Max();
    }

    private static int Indentation(string line) => line.Length - line.TrimStart().Length;

    [GeneratedRegex(@"(\w+)\s*(<[^()]*>)?\s*$")]
    private static partial Regex NameAtEnd();

    [GeneratedRegex(@"^( *)(if|for|foreach|while|do|switch|try|using|lock) ?[({\n]", RegexOptions.Multiline)]
    private static partial Regex Statement();
}

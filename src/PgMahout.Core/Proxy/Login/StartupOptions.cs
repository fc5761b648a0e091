using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace PgMahout.Core.Proxy.Login;

/// <summary>The startup parameter <c>options</c>: arguments of a command, of which settings are understood.</summary>
internal static class StartupOptions
{
    /// <summary>False when something else than settings is in it; then <paramref name="strange"/> is what.</summary>
    public static bool TryRead(
        string options, ICollection<KeyValuePair<string, string>> settings, [NotNullWhen(false)] out string? strange)
    {
        var words = Split(options);
        strange = null;
        for (var i = 0; i < words.Count; i++)
        {
            var assignment = words[i] switch
            {
                "-c" when i + 1 < words.Count => words[++i],
                ['-', 'c', _, ..] word => word[2..],
                ['-', '-', _, ..] word => word[2..],
                _ => null,
            };
            if (assignment is null || Setting(assignment) is not { } setting)
            {
                strange = words[i];
                return false;
            }
            settings.Add(setting);
        }
        return true;
    }

    // As PostgreSQL reads it: a minus in the name stands for an underscore.
    private static KeyValuePair<string, string>? Setting(string assignment)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
            return null;
        var name = assignment[..equals].Replace('-', '_');
        return IsSettingName(name) ? new(name, assignment[(equals + 1)..]) : null;
    }

    /// <summary>Words of letters, digits, underscores and dollar signs, with points between them.</summary>
    public static bool IsSettingName(string name)
    {
        var first = true;
        foreach (var character in name)
        {
            var letter = char.IsAsciiLetter(character) || character == '_';
            if (!letter && (first || !(char.IsAsciiDigit(character) || character is '$' or '.')))
                return false;
            first = character == '.';
        }
        return !first;
    }

    /// <summary>At white space, where no backslash stands before it.</summary>
    private static List<string> Split(string options)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inside = false;
        for (var i = 0; i < options.Length; i++)
        {
            var character = options[i];
            if (character is ' ' or (>= '\t' and <= '\r'))
            {
                if (inside)
                    words.Add(word.ToString());
                word.Clear();
                inside = false;
                continue;
            }
            inside = true;
            if (character == '\\' && ++i < options.Length)
                word.Append(options[i]);
            else if (character != '\\')
                word.Append(character);
        }
        if (inside)
            words.Add(word.ToString());
        return words;
    }
}

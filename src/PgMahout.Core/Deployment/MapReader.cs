using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>Collects what is found, so that an author is told everything at once.</summary>
internal sealed class FindingList
{
    private readonly List<DocumentFinding> _findings = [];

    public bool HasErrors => _findings.Exists(finding => !finding.IsWarning);

    public ImmutableArray<DocumentFinding> All =>
        [.. _findings.OrderBy(finding => finding.At.Line).ThenBy(finding => finding.At.Column)];

    public void Error(TextMark at, string what, string expected = "") =>
        _findings.Add(new DocumentFinding(at, what, expected, IsWarning: false));

    public void Warn(TextMark at, string what, string expected = "") =>
        _findings.Add(new DocumentFinding(at, what, expected, IsWarning: true));
}

/// <summary>
/// The keys of one map, of which all are known beforehand. What is missing or wrong is told and then is null, so that
/// reading goes on.
/// </summary>
internal sealed class MapReader
{
    private readonly FindingList _findings;
    private readonly DocumentNode.Map _map;

    public MapReader(DocumentNode.Map map, string of, FindingList findings, params ImmutableArray<string> known)
    {
        (_map, _findings) = (map, findings);
        var seen = new Dictionary<string, TextMark>(StringComparer.Ordinal);
        foreach (var (key, _) in map.Entries)
            if (!known.Contains(key.Text))
                findings.Error(
                    key.At, $"{of} has no key '{key.Text}'{Spelling.Hint(key.Text, known)}", $"keys: {List(known)}");
            else if (!seen.TryAdd(key.Text, key.At))
                findings.Error(
                    key.At, $"'{key.Text}' is there a second time; the first is in line {seen[key.Text].Line}");
    }

    public TextMark At => _map.At;

    public static string List(IEnumerable<string> words) => string.Join(", ", words);

    /// <summary>Where to point at for a key: its value, or the map when it is not there.</summary>
    public TextMark MarkOf(string key) => Node(key)?.At ?? _map.At;

    public DocumentNode? Node(string key) =>
        _map.Entries.FirstOrDefault(entry => entry.Key.Text == key) is { Key: not null } entry ? entry.Value : null;

    public string? Text(string key, string expected)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case DocumentNode.Scalar { Text.Length: > 0 } scalar:
                return scalar.Text;
            case var other:
                _findings.Error(other.At, $"'{key}' has no single value", expected);
                return null;
        }
    }

    public string? Required(string key, string expected)
    {
        if (Node(key) is null)
            _findings.Error(_map.At, $"'{key}' is missing", expected);
        return Text(key, expected);
    }

    public int? Number(string key, int least, int most)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        if (Text(key, expected) is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
            return number;
        _findings.Error(MarkOf(key), $"'{key}' is '{text}'", expected);
        return null;
    }

    public int? Port(string key) => Number(key, 1, 65535);

    public T? Word<T>(string key, params ImmutableArray<(string Word, T Value)> words)
        where T : struct
    {
        var known = words.Select(word => word.Word).ToArray();
        if (Text(key, $"one of {List(known)}") is not { } text)
            return null;
        foreach (var (word, value) in words)
            if (word == text)
                return value;
        _findings.Error(MarkOf(key), $"'{key}' is '{text}'{Spelling.Hint(text, known)}", $"one of {List(known)}");
        return null;
    }

    public DocumentNode.Map? Map(string key, string expected)
    {
        if (Node(key) is not (not null and not DocumentNode.Map and var other))
            return Node(key) as DocumentNode.Map;
        _findings.Error(other.At, $"'{key}' is not a group of keys", expected);
        return null;
    }

    /// <summary>Single values with their places; null when the key is not there or is something else.</summary>
    public ImmutableArray<DocumentNode.Scalar>? Texts(string key, string expected) => Node(key) switch
    {
        null => null,
        DocumentNode.List list => Texts(list, key, expected),
        var other => Refused(other.At, key, expected),
    };

    private ImmutableArray<DocumentNode.Scalar>? Texts(DocumentNode.List list, string key, string expected)
    {
        var odd = list.Items.FirstOrDefault(item => item is not DocumentNode.Scalar { Text.Length: > 0 });
        if (odd is not null || list.Items.IsEmpty)
            return Refused(odd?.At ?? list.At, key, expected);
        var texts = list.Items.OfType<DocumentNode.Scalar>().ToImmutableArray();
        foreach (var twice in texts.GroupBy(item => item.Text).SelectMany(same => same.Skip(1)))
            _findings.Error(twice.At, $"'{twice.Text}' stands in '{key}' a second time");
        return texts;
    }

    private ImmutableArray<DocumentNode.Scalar>? Refused(TextMark at, string key, string expected)
    {
        _findings.Error(at, $"'{key}' is not a list of single values", expected);
        return null;
    }
}

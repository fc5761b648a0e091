using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Configuration;

/// <summary>A configuration as text that people edit, and back.</summary>
/// <example><code>
/// [cluster]
/// work_mem = 64MB
/// [member m2]
/// work_mem = 128MB
/// [access]
/// host app app 10.0.0.0/8 scram-sha-256
/// </code></example>
public static class ConfigurationText
{
    private const string Cluster = "[cluster]";
    private const string Access = "[access]";
    private const string Member = "[member ";

    public static string Write(DesiredConfiguration configuration)
    {
        var text = new StringBuilder()
            .AppendLine("# What the cluster shall be configured with. Lines with # are comments.")
            .AppendLine(Cluster);
        Append(text, configuration.Settings);
        foreach (var (member, settings) in configuration.Overrides)
        {
            text.AppendLine().Append(Member).Append(member).AppendLine("]");
            Append(text, settings);
        }
        text.AppendLine().AppendLine("# Lines of pg_hba.conf, in their order, after those that the cluster needs.")
            .AppendLine(Access);
        foreach (var rule in configuration.AccessRules)
            text.AppendLine(rule);
        return text.ToString();
    }

    public static ConfigurationReading Read(string text, IEnumerable<MemberName> members)
    {
        var known = members.ToImmutableSortedSet();
        var found = DesiredConfiguration.Empty;
        var rules = ImmutableArray.CreateBuilder<string>();
        var (isAccess, member) = (false, (MemberName?)null);
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] == '[')
            {
                if (Section(line, known) is not { } section)
                    return Wrong(number, $"'{line}' is no section: {Cluster}, {Access} or [member NAME] with one of "
                        + string.Join(", ", known));
                (isAccess, member) = section;
                continue;
            }
            if (isAccess)
            {
                rules.Add(line);
                continue;
            }
            if (Setting(line) is not { } setting)
                return Wrong(number, $"'{line}' is not of the form NAME = VALUE");
            found = found.With(setting.Name, setting.Value, member);
        }
        return new ConfigurationReading.Read(found with { AccessRules = rules.ToImmutable() });
    }

    /// <summary>
    /// NAME = VALUE as in postgresql.conf: quotes around the value may be there, a comment may follow.
    /// </summary>
    public static (string Name, string Value)? Setting(string line)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            return null;
        var name = line[..equals].Trim();
        var isName = name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');
        return isName && Value(line[(equals + 1)..].Trim()) is { } value ? (name, value) : null;
    }

    private static string? Value(string text)
    {
        if (!text.StartsWith('\''))
            return text.Split('#')[0].Trim();
        var value = new StringBuilder();
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] != '\'')
                value.Append(text[at]);
            else if (at + 1 < text.Length && text[at + 1] == '\'')
                value.Append(text[at++]);
            else
                return text[(at + 1)..].TrimStart() is "" or ['#', ..] ? value.ToString() : null;
        }
        return null;
    }

    private static (bool IsAccess, MemberName? Member)? Section(string line, ImmutableSortedSet<MemberName> known)
    {
        if (line == Cluster)
            return (false, null);
        if (line == Access)
            return (true, null);
        if (!line.StartsWith(Member, StringComparison.Ordinal) || !line.EndsWith(']'))
            return null;
        var name = line[Member.Length..^1].Trim();
        return MemberName.IsValid(name) && known.Contains(new MemberName(name)) ? (false, new MemberName(name)) : null;
    }

    private static ConfigurationReading.Malformed Wrong(int line, string why) => new(line, why);

    private static void Append(StringBuilder text, ImmutableSortedDictionary<string, string> settings)
    {
        foreach (var (name, value) in settings)
            text.Append(name).Append(" = '").Append(value.Replace("'", "''", StringComparison.Ordinal))
                .AppendLine("'");
    }
}

/// <summary>What came of reading an edited configuration.</summary>
public abstract record ConfigurationReading
{
    private ConfigurationReading() { }

    public sealed record Read(DesiredConfiguration Configuration) : ConfigurationReading;

    /// <param name="Line">Counted from 1.</param>
    public sealed record Malformed(int Line, string Why) : ConfigurationReading;
}

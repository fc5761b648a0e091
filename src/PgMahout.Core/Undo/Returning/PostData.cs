using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace PgMahout.Core.Undo.Returning;

/// <summary>A statement of a dump, with the settings that stand before it there.</summary>
public sealed partial record SetStatement(ImmutableArray<string> Settings, string Text)
{
    public ImmutableArray<string> All => [.. Settings, Text];

    /// <summary>It adds an index to a table that can be read meanwhile; a constraint's keeps everybody away.</summary>
    public bool LetsRead => Text.StartsWith("CREATE ", StringComparison.Ordinal);

    /// <summary>Of the index that it builds, quoted where it must be.</summary>
    public string Index => Named().Match(Text).Groups[1].Value;

    [GeneratedRegex(
        """^(?:CREATE (?:UNIQUE )?INDEX|ALTER TABLE ONLY \S+\s+ADD CONSTRAINT) ("(?:[^"]|"")+"|\S+) """,
        RegexOptions.CultureInvariant)]
    private static partial Regex Named();
}

/// <summary>The last part of a dump: what is built on tables that have their rows.</summary>
/// <param name="Indexes">Do not need each other, and may be built at the same time.</param>
/// <param name="Others">In order, after the indexes.</param>
public sealed partial record PostData(ImmutableArray<SetStatement> Indexes, ImmutableArray<string> Others)
{
    public static PostData Of(ImmutableArray<string> statements)
    {
        var settings = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        var indexes = ImmutableArray.CreateBuilder<SetStatement>();
        var others = ImmutableArray.CreateBuilder<string>();
        foreach (var statement in statements)
            if (Index().IsMatch(statement))
                indexes.Add(new SetStatement([.. settings.Values], statement));
            else
            {
                if (Setting().Match(statement) is { Success: true } setting)
                    settings = settings.SetItem(setting.Groups[1].Value, statement);
                others.Add(statement);
            }
        return new PostData(indexes.ToImmutable(), others.ToImmutable());
    }

    [GeneratedRegex(@"^SET (\w+) ", RegexOptions.CultureInvariant)]
    private static partial Regex Setting();

    [GeneratedRegex(
        """^(CREATE (UNIQUE )?INDEX |ALTER TABLE ONLY \S+\s+ADD CONSTRAINT ("([^"]|"")+"|\S+) """
        + "(PRIMARY KEY|UNIQUE|EXCLUDE) )",
        RegexOptions.CultureInvariant)]
    private static partial Regex Index();
}

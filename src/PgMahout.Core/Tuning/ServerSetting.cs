using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Tuning;

/// <summary>What PostgreSQL says about one of its settings, in one range of versions.</summary>
/// <param name="Default">What a server without any configuration has, as <c>initdb</c> leaves it.</param>
/// <param name="Since">The first major version of which the row is true.</param>
/// <param name="Until">The last one.</param>
public sealed record ServerSetting(
    string Name,
    Effect Effect,
    SettingRange Range,
    string Default,
    int Since = ServerSettings.Oldest,
    int Until = ServerSettings.Newest)
{
    public bool IsIn(int major) => Since <= major && major <= Until;
}

/// <summary>When a changed value takes effect.</summary>
public enum Effect
{
    Reload,
    Restart,
}

/// <summary>The values that every build of the version takes.</summary>
public abstract record SettingRange
{
    private SettingRange() { }

    public sealed record Whole(long Minimum, long Maximum) : SettingRange;

    public sealed record Real(double Minimum, double Maximum) : SettingRange;

    /// <param name="UnitKilobytes">What one unit of the server's own number is.</param>
    public sealed record Memory(long UnitKilobytes, long Minimum, long Maximum) : SettingRange;

    /// <param name="IfBuilt">Taken only by a build that has the library for it.</param>
    public sealed record Choice(ImmutableArray<string> Always, ImmutableArray<string> IfBuilt) : SettingRange;

    public bool Holds(string value) => this switch
    {
        Whole range => long.TryParse(value, CultureInfo.InvariantCulture, out var number)
            && range.Minimum <= number && number <= range.Maximum,
        Real range => double.TryParse(value, CultureInfo.InvariantCulture, out var number)
            && range.Minimum <= number && number <= range.Maximum,
        Memory range => MemoryText.Kilobytes(value) is { } kilobytes
            && range.Minimum <= kilobytes / range.UnitKilobytes && kilobytes / range.UnitKilobytes <= range.Maximum,
        Choice choice => choice.Always.Contains(value),
        _ => throw new InvalidOperationException($"unknown range {this}"),
    };
}

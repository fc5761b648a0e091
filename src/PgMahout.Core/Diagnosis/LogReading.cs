using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>What else is known where a log is read.</summary>
/// <param name="Version">PostgreSQL's major version.</param>
/// <param name="Settings">The names of all settings that this version has.</param>
/// <param name="ReadLine">A line of a file, by its path and number from 1; null when it cannot be read.</param>
public sealed record LogReading(
    int Version, string DataDirectory, ImmutableArray<string> Settings, Func<string, int, string?> ReadLine)
{
    public static LogReading Of(int version, string dataDirectory) => new(version, dataDirectory, [], (_, _) => null);

    public string FileIn(string name) => name.StartsWith('/') ? name : $"{DataDirectory}/{name}";
}

using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;
using YamlDotNet.Core;

namespace PgMahout.Deploying;

/// <summary>A cluster.yml on this machine.</summary>
internal static class ClusterFile
{
    private const long Largest = 1 << 20;

    /// <summary>What it asks for; warnings are told on the way.</summary>
    public static Attempt<Blueprint> Read(string path, Screen screen)
    {
        if (!Load(path).TryGet(out var reading, out var failure))
            return failure;
        reading = WithFollowed(path, reading);
        foreach (var warning in reading.Findings.Where(finding => finding.IsWarning))
            screen.Note(warning.Text(path));
        return reading.Blueprint is { } blueprint ? blueprint : Wrong(path, [.. reading.Errors]);
    }

    /// <summary>
    /// The file of the other cluster of a pair; its own warnings are told where it is deployed itself.
    /// </summary>
    public static Attempt<Blueprint> ReadOther(string path)
    {
        if (!Load(path).TryGet(out var reading, out var failure))
            return failure;
        reading = WithFollowed(path, reading);
        return reading.Blueprint is { } blueprint ? blueprint : Wrong(path, [.. reading.Errors]);
    }

    /// <summary>A file that another one names, which means it from its own place.</summary>
    public static string Beside(string file, string named) =>
        Path.GetFullPath(named, Path.GetDirectoryName(Path.GetFullPath(file))!);

    private static BlueprintReading WithFollowed(string path, BlueprintReading reading)
    {
        if (reading.Follows is not { } follows)
            return reading;
        return Load(Beside(path, follows.Path)).TryGet(out var followed, out var failure)
            ? FollowChecks.Judge(reading, followed)
            : FollowChecks.Unreadable(reading, failure.Facts.FirstOrDefault()?.Text ?? failure.What);
    }

    private static Attempt<BlueprintReading> Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > Largest)
                return new Failure(ErrorCatalogue.ClusterFileMissing, $"{path} is larger than any cluster.yml");
            using var text = new StreamReader(path);
            return Read(text);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.ClusterFileMissing, $"{path} cannot be read").Because(missing.Message)
                .Try("pgmahout deploy cluster.yml");
        }
    }

    private static BlueprintReading Read(TextReader text)
    {
        try
        {
            return BlueprintReader.Read(YamlDocument.Read(text));
        }
        catch (YamlException broken)
        {
            return new BlueprintReading(null, [YamlDocument.Finding(broken)]);
        }
    }

    private static Failure Wrong(string path, DocumentFinding[] errors) =>
        new Failure(
            ErrorCatalogue.ClusterFileWrong,
            errors.Length == 1 ? $"{path} has a mistake" : $"{path} has {errors.Length} mistakes")
            .Because(string.Join('\n', errors.Select(error => error.Text(path))))
            .Try($"${{EDITOR:-vi}} +{errors[0].At.Line} {path}");
}

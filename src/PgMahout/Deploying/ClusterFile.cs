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
        try
        {
            if (new FileInfo(path).Length > Largest)
                return new Failure(ErrorCatalogue.ClusterFileMissing, $"{path} is larger than any cluster.yml");
            using var text = new StreamReader(path);
            var reading = Read(text);
            foreach (var warning in reading.Findings.Where(finding => finding.IsWarning))
                screen.Note(warning.Text(path));
            return reading.Blueprint is { } blueprint ? blueprint : Wrong(path, [.. reading.Errors]);
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

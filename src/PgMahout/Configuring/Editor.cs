using System.ComponentModel;
using System.Diagnostics;
using PgMahout.Errors;

namespace PgMahout.Configuring;

/// <summary>The operator's editor: $VISUAL, $EDITOR, or the first usual one that is there.</summary>
internal static class Editor
{
    /// <summary>The text as it was left.</summary>
    public static Attempt<string> Open(string text)
    {
        var directory = Directory.CreateTempSubdirectory("pgmahout-edit-");
        var file = Path.Combine(directory.FullName, "configuration.conf");
        try
        {
            File.WriteAllText(file, text);
            foreach (var editor in Candidates())
                if (Run(editor, file) is { } code)
                    return code == 0
                        ? File.ReadAllText(file)
                        : new Failure(ErrorCatalogue.Declined, $"the editor {editor} ended with code {code}");
            return new Failure(ErrorCatalogue.Usage, "there is no editor").Try("EDITOR=nano pgmahout config edit");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> Candidates() =>
        new[]
        {
            Environment.GetEnvironmentVariable("VISUAL"),
            Environment.GetEnvironmentVariable("EDITOR"),
            "editor", "nano", "vi",
        }.Where(name => !string.IsNullOrWhiteSpace(name)).Select(name => name!);

    /// <summary>Its exit code; null when there is no such program.</summary>
    private static int? Run(string editor, string file)
    {
        // The variable may hold options too, as in "code --wait"; the shell splits it as other programs' shells do.
        var command = new ProcessStartInfo("sh") { UseShellExecute = false };
        foreach (var argument in (string[])["-c", editor + " \"$1\"", "sh", file])
            command.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(command)!;
            process.WaitForExit();
            return process.ExitCode == 127 ? null : process.ExitCode;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}

using System.Text.Json;
using PgMahout.Agent.Home;

namespace PgMahout.Deploying.OnHost;

/// <summary>
/// Writes what this host has of the other cluster of its pair, as the account that the home belongs to.
/// </summary>
internal static class HostTwin
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <returns>0, or 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        try
        {
            var wanted = JsonSerializer.Deserialize(
                await Console.In.ReadToEndAsync(), HostJson.Default.TwinDocument)!;
            var twin = new HomeLayout(home.TwinHome);
            foreach (var directory in new[] { twin.Root, twin.CertificateDirectory })
            {
                Directory.CreateDirectory(directory);
                File.SetUnixFileMode(directory, Private);
            }
            // Keys before what they belong to; what opens the store before what says where it is.
            foreach (var file in wanted.Files
                .OrderBy(one => one.Name.EndsWith(".key", StringComparison.Ordinal) ? 0 : 1))
                SecretText.Write(Path.Combine(twin.CertificateDirectory, Path.GetFileName(file.Name)), file.Text);
            SecretText.Write(twin.HostFile, wanted.HostFile);
            return 0;
        }
        catch (Exception broken) when (broken is JsonException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(broken.Message);
            return 1;
        }
    }
}

using PgMahout.Core.Tuning;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Probing;

/// <summary>
/// Asks the server's own program what it takes. <c>postgres -C</c> reads a configuration and ends; it needs no data and
/// starts nothing.
/// </summary>
public static class ServerProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <exception cref="IOException">There is no place for a directory.</exception>
    public static async Task<ServerFeatures> FeaturesAsync(
        PostgresBinaries binaries, ServerAccount account, CancellationToken cancellation)
    {
        using var directory = ScratchDirectory.Create(account);
        directory.WriteConfiguration([], account);
        var features = ServerFeatures.Of(binaries.Major);
        foreach (var (setting, value) in ServerFeatures.Questions)
        {
            if (ServerSettings.Find(setting, binaries.Major) is null)
                continue;
            var complaint = await ReadAsync(directory, binaries, account, [$"{setting}={value}"], cancellation);
            // Whether the kernel lets a server use it shows only when one starts.
            if (complaint is null && setting != "io_method")
                features = features with { Accepted = features.Accepted.Add($"{setting}={value}") };
        }
        return features;
    }

    /// <summary>Null when a server of this build would read the settings; otherwise its own words.</summary>
    public static async Task<string?> ComplaintAsync(
        PostgresBinaries binaries,
        ServerAccount account,
        IEnumerable<KeyValuePair<string, string>> settings,
        CancellationToken cancellation)
    {
        using var directory = ScratchDirectory.Create(account);
        directory.WriteConfiguration(settings, account);
        return await ReadAsync(directory, binaries, account, [], cancellation);
    }

    private static async Task<string?> ReadAsync(
        ScratchDirectory directory,
        PostgresBinaries binaries,
        ServerAccount account,
        string[] settings,
        CancellationToken cancellation)
    {
        var run = new ToolRun(
            account, binaries.Tool("postgres"),
            ["-D", directory.Path, "-C", "shared_buffers", .. settings.SelectMany(one => (string[])["-c", one])]);
        return (await run.RunAsync(Limit, cancellation)).Complaint;
    }
}

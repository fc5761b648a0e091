using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>A real S3 server with one bucket, on loopback, for one test.</summary>
internal sealed class ObjectServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly string _directory;
    private readonly Process _process;

    private ObjectServer(string directory, Process process)
    {
        _directory = directory;
        _process = process;
    }

    /// <summary>What leads to it, behind an address in its bucket.</summary>
    public string[] Options { get; private set; } = [];

    /// <summary>Where its objects lie as files.</summary>
    public string Objects => Path.Combine(_directory, "objects");

    /// <summary>A file with the keys to it, for its owner alone.</summary>
    public string Credentials => Path.Combine(_directory, "credentials");

    public string Endpoint { get; private set; } = "";

    public static string Address(string prefix) => $"s3://bucket/{prefix}";

    /// <summary>Skips the test, and says why, where there is none.</summary>
    /// <param name="address">Of this machine, at which it listens.</param>
    public static async Task<ObjectServer> StartAsync(string address = "127.0.0.1")
    {
        var program = Path.Combine(Program.Artifacts, "s3rver", "node_modules", ".bin", "s3rver");
        Assert.SkipUnless(File.Exists(program), "there is no S3 server here: scripts/fetch-s3-server says why not");
        var directory = Directory.CreateTempSubdirectory("pgl-s3-").FullName;
        var server = new ObjectServer(directory, Program.Start("node",
        [
            // Its continuation tokens are made with a cipher that OpenSSL 3 calls a legacy.
            "--openssl-legacy-provider", program, "--directory", Path.Combine(directory, "objects"),
            "--address", address, "--port", "0",
            "--silent", "--configure-bucket", "bucket",
        ]));
        try
        {
            var port = await server.PortAsync().WaitAsync(Limit);
            await File.WriteAllTextAsync(
                server.Credentials, "[default]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n");
            File.SetUnixFileMode(server.Credentials, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            server.Endpoint = $"http://{address}:{port}";
            server.Options = ["--endpoint", server.Endpoint, "--credentials", server.Credentials];
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<int> PortAsync()
    {
        _ = _process.StandardError.ReadToEndAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("S3rver listening", StringComparison.Ordinal))
                continue;
            _ = _process.StandardOutput.ReadToEndAsync();
            return int.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
        }
        throw new InvalidOperationException("the S3 server did not start");
    }
}

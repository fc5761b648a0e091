using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PgMahout.Backup.Repositories;
using Xunit;

namespace PgMahout.Tests.Backup;

/// <summary>A real S3 server with one bucket, on loopback; started once for all tests of a class.</summary>
public sealed class S3Server : IAsyncLifetime
{
    private const string Bucket = "bucket";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-s3-").FullName;
    private Process? _process;
    private int _prefixes;

    public int Port { get; private set; }

    /// <summary>Why there is none; null when it runs.</summary>
    public string? Missing { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var program = Path.Combine(Artifacts(), "s3rver", "node_modules", ".bin", "s3rver");
        if (!File.Exists(program))
        {
            Missing = "there is no S3 server here: scripts/fetch-s3-server says why not";
            return;
        }
        Port = FreePort();
        var command = new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                // Its continuation tokens are made with a cipher that OpenSSL 3 calls a legacy.
                "--openssl-legacy-provider", program, "--directory", _directory, "--address", "127.0.0.1",
                "--port", $"{Port}",
                "--silent", "--configure-bucket", Bucket,
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(command)!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var watch = Stopwatch.StartNew();
        while (!await ListensAsync())
            Assert.True(watch.Elapsed < Limit && !_process.HasExited, "the S3 server did not start");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Under a prefix that nothing else uses.</summary>
    public S3Settings Settings(int? port = null, string bucket = Bucket) => new(
        bucket, $"test{Interlocked.Increment(ref _prefixes)}/", new Uri($"http://127.0.0.1:{port ?? Port}"),
        "us-east-1", "S3RVER", "S3RVER");

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> ListensAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            await Task.Delay(20);
            return false;
        }
    }

    private static string Artifacts()
    {
        var at = AppContext.BaseDirectory;
        while (Path.GetFileName(at) != "artifacts" && Path.GetDirectoryName(at) is { } above)
            at = above;
        return at;
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using PgMahout.Backup.Repositories;
using Xunit;

namespace PgMahout.Tests.Backup;

/// <summary>A real S3 server with one bucket, on loopback; started once for all tests of a class.</summary>
public sealed class S3Server : IAsyncLifetime
{
    private const string Bucket = "bucket";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-s3-").FullName;
    private readonly ConcurrentQueue<string> _lastWords = new();
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
        var command = new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                // Its continuation tokens are made with a cipher that OpenSSL 3 calls a legacy.
                "--openssl-legacy-provider", program, "--directory", _directory, "--address", "127.0.0.1",
                // It takes a free port itself and says which: one chosen here could be another test's by then.
                "--port", "0",
                "--silent", "--configure-bucket", Bucket,
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(command)!;
        _ = NoteLastWordsAsync(_process.StandardError);
        Port = await PortAsync(_process.StandardOutput).WaitAsync(Limit);
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

    /// <summary>Fails, with what the server said last, when it has ended: every test after that would fail.</summary>
    public void Runs() =>
        Assert.False(_process is { HasExited: true }, $"the S3 server ended: {string.Join('\n', _lastWords)}");

    private async Task<int> PortAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("S3rver listening", StringComparison.Ordinal))
            {
                _ = output.ReadToEndAsync();
                return int.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
            }
        }
        throw new InvalidOperationException($"the S3 server did not start: {string.Join('\n', _lastWords)}");
    }

    private async Task NoteLastWordsAsync(StreamReader errors)
    {
        while (await errors.ReadLineAsync() is { } line)
        {
            _lastWords.Enqueue(line);
            if (_lastWords.Count > 40)
                _lastWords.TryDequeue(out _);
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

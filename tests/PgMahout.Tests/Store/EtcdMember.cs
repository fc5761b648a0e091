using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PgMahout.Tests.Store;

/// <summary>One process of etcd.</summary>
internal sealed class EtcdMember(string name, string host, string directory) : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private Process? _process;

    public static string? Program { get; } =
        new[] { Path.Combine(Artifacts(), "etcd", "usr", "bin", "etcd"), "/usr/bin/etcd" }.FirstOrDefault(File.Exists);

    /// <summary>name=peer address, of all members.</summary>
    public required string All { get; init; }

    /// <summary>The others are there already, and know of it.</summary>
    public bool Joins { get; init; }

    public EtcdCertificates? Certificates { get; init; }

    public Uri Address => new($"{(Certificates is null ? "http" : "https")}://{host}:2379");

    /// <summary>It listens there as well, and its certificate does not say so.</summary>
    public string OtherHost => host + "1";

    public int ProcessId { get; private set; }

    // Health and leadership are asked in clear also where clients use TLS.
    private Uri Plain => new($"http://{host}:2378");

    private string Log => Path.Combine(directory, name + ".log");

    public async Task StartAsync()
    {
        var client = Address.GetLeftPart(UriPartial.Authority);
        var command = new ProcessStartInfo("bash")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                // Ended by a line, and by the end of its input: it must not outlive the tests, however they end. It has
                // given back its ports only when it is gone.
                "-c", "log=$1; shift; \"$@\" > $log 2>&1 < /dev/null & echo $!; read -r; kill -9 $!; wait 2> /dev/null",
                "etcd", Log, Program!,
                "--name", name,
                "--data-dir", Path.Combine(directory, name),
                "--listen-client-urls",
                $"{client},{client.Replace(host, OtherHost, StringComparison.Ordinal)},http://{host}:2378",
                "--advertise-client-urls", client,
                "--listen-peer-urls", $"http://{host}:2380",
                "--initial-advertise-peer-urls", $"http://{host}:2380",
                "--initial-cluster", All, "--initial-cluster-state", Joins ? "existing" : "new",
                "--heartbeat-interval", "50", "--election-timeout", "500",
                "--logger", "zap", "--log-outputs", "stderr",
            },
        };
        if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
            command.Environment["ETCD_UNSUPPORTED_ARCH"] = "arm64";
        foreach (var argument in Certificates?.Server ?? [])
            command.ArgumentList.Add(argument);
        _process = Process.Start(command)!;
        ProcessId = int.Parse((await _process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
    }

    public async Task IsHealthyAsync()
    {
        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (!Directory.Exists($"/proc/{ProcessId}") || waited.Elapsed > EtcdCluster.Limit)
                throw new InvalidOperationException($"etcd {name} did not start: {LastWords()}");
            await Task.Delay(20);
        }
    }

    /// <summary>Whether it holds the leadership of etcd, by its own word.</summary>
    public async Task<bool> LeadsAsync()
    {
        try
        {
            var status = await PostAsync("/v3/maintenance/status", new JsonObject());
            return (string?)status["leader"] is { } leader
                && leader == (string?)status["header"]?["member_id"];
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    public async Task<JsonNode> PostAsync(string path, JsonObject question, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Plain, path))
        {
            Content = new StringContent(question.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        using var response = await _http.SendAsync(request);
        var said = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonNode.Parse(said)!
            : throw new HttpRequestException($"{path}: {said}");
    }

    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        await process.StandardInput.WriteLineAsync();
        await process.StandardInput.FlushAsync();
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    /// <summary>Loses everything it had, while it is dead.</summary>
    public void Forget() => Directory.Delete(Path.Combine(directory, name), recursive: true);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            var health = await _http.GetFromJsonAsync<JsonElement>(new Uri(Plain, "/health"));
            return health.GetProperty("health").GetString() == "true";
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException or JsonException)
        {
            return false;
        }
    }

    private string LastWords() =>
        File.Exists(Log) ? string.Join('\n', File.ReadAllLines(Log).TakeLast(10)) : "it said nothing";

    private static string Artifacts()
    {
        var at = AppContext.BaseDirectory.TrimEnd('/');
        while (Path.GetFileName(at) != "artifacts" && Path.GetDirectoryName(at) is { } above)
            at = above;
        return at;
    }
}

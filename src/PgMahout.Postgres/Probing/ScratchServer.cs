using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Probing;

/// <summary>How a start of a scratch server ended.</summary>
public abstract record ScratchStart
{
    private ScratchStart() { }

    public sealed record Ready : ScratchStart;

    /// <param name="Said">The end of what it said.</param>
    public sealed record Refused(string Said) : ScratchStart;
}

/// <summary>
/// A server with nothing in it, to try settings on: in a directory of its own, reachable by a unix socket there and by
/// nothing else, bound to the life of this process. Started and stopped as often as wanted.
/// </summary>
public sealed class ScratchServer : IAsyncDisposable
{
    /// <summary>Nobody else can reach the socket, so its port means nothing.</summary>
    public const int Port = 5432;

    private const string ReadyLine = "database system is ready to accept connections";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(2);

    private readonly PostgresBinaries _binaries;
    private readonly ServerAccount _account;
    private readonly ScratchDirectory _directory;
    private Task<ToolResult>? _server;

    private ScratchServer(PostgresBinaries binaries, ServerAccount account, ScratchDirectory directory)
    {
        _binaries = binaries;
        _account = account;
        _directory = directory;
    }

    public string SocketDirectory => _directory.Path;

    internal string DataDirectory => _directory.File("data");

    /// <exception cref="IOException">There is no place for its directory.</exception>
    public static async Task<Outcome<ScratchServer>> CreateAsync(
        PostgresBinaries binaries, ServerAccount account, TimeSpan limit, CancellationToken cancellation)
    {
        var server = new ScratchServer(binaries, account, ScratchDirectory.Create(account));
        var run = new ToolRun(account, binaries.Tool("initdb"),
        [
            "--pgdata=" + server.DataDirectory, "--username=" + InstanceSettings.Superuser, "--auth=trust",
            "--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync",
        ]);
        if ((await run.RunAsync(limit, cancellation)).Complaint is not { } complaint)
            return new Outcome<ScratchServer>.Done(server);
        await server.DisposeAsync();
        return new Outcome<ScratchServer>.Failed(Problems.Initialize(complaint));
    }

    /// <summary>Replaces all settings and starts; it must not run.</summary>
    public async Task<ScratchStart> StartAsync(
        ImmutableSortedDictionary<string, string> settings, TimeSpan limit, CancellationToken cancellation)
    {
        var lines = settings
            .SetItem("listen_addresses", "").SetItem("unix_socket_directories", SocketDirectory)
            .Select(setting => $"{setting.Key} = '{setting.Value}'\n");
        await File.WriteAllTextAsync(
            Path.Combine(DataDirectory, "postgresql.conf"), string.Concat(lines), cancellation);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server = new ToolRun(_account, _binaries.Tool("postgres"), ["-D", DataDirectory], OnLine: line =>
        {
            if (line.Contains(ReadyLine, StringComparison.Ordinal))
                ready.TrySetResult();
        }).RunAsync(Timeout.InfiniteTimeSpan, CancellationToken.None);
        await Task.WhenAny(ready.Task, _server, Task.Delay(limit, cancellation));
        if (ready.Task.IsCompleted)
            return new ScratchStart.Ready();
        await StopAsync();
        var said = (await _server).Complaint ?? "it ended by itself";
        return new ScratchStart.Refused(said);
    }

    /// <summary>At once, without a last checkpoint; done when it is gone.</summary>
    public Task StopAsync() => StopAsync(Signal.Quit);

    /// <summary>With everything written, as a restart does it.</summary>
    public Task StopCleanlyAsync() => StopAsync(Signal.Interrupt);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    private async Task StopAsync(int signal)
    {
        while (_server is { IsCompleted: false })
        {
            // Before it has written its pid there is nobody to tell, and it will write it or end.
            if (Postmaster() is { } pid)
            {
                _ = LibC.Kill(pid, signal);
                await _server;
                return;
            }
            await Task.WhenAny(_server, Task.Delay(Pace));
        }
    }

    private int? Postmaster()
    {
        try
        {
            var line = File.ReadLines(Path.Combine(DataDirectory, "postmaster.pid")).FirstOrDefault();
            return int.TryParse(line, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

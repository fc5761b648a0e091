using System.Globalization;
using Npgsql;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// A server on a directory that is no member's: a restored copy. It listens on a unix socket that only its account and
/// root can reach, everybody there is superuser, and it ends with this process.
/// </summary>
public sealed class SideServer : IAsyncDisposable
{
    /// <summary>Nobody else can reach the socket, so its port means nothing.</summary>
    private const int Port = 5432;

    private const string ReadyLine = "database system is ready to accept connections";
    private const string ReachedLine = "shutdown at recovery target";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly string _data;
    private readonly string _sockets;
    private readonly Task<ToolResult> _process;

    private SideServer(string data, string sockets, Task<ToolResult> process)
    {
        _data = data;
        _sockets = sockets;
        _process = process;
    }

    /// <summary>Starts it and waits until it takes writes: all its recovery is done then.</summary>
    /// <param name="place">
    /// Its data, and a directory for its socket and its rules of access, which is made if it is not there.
    /// </param>
    /// <param name="settings">Win over what stands in its files.</param>
    /// <param name="said">Gets each line of its log, from other threads.</param>
    public static async Task<Outcome<SideServer>> StartAsync(
        (PostgresBinaries Binaries, ServerAccount Account) host,
        (string Data, string Sockets) place,
        IEnumerable<(string Name, string Value)> settings,
        Action<string> said,
        CancellationToken cancellation)
    {
        host.Account.CreateDirectory(place.Sockets, ServerFiles.OwnerDirectory);
        var rules = Path.Combine(place.Sockets, "pg_hba.conf");
        AtomicFile.Write(rules, "local all all trust\nlocal replication all trust\n", host.Account);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = new ToolRun(
            host.Account,
            host.Binaries.Tool("postgres"),
            ["-D", place.Data, .. Private(place.Sockets, rules).Concat(settings).SelectMany(Argument)],
            OnLine: line =>
            {
                said(line);
                if (line.Contains(ReadyLine, StringComparison.Ordinal))
                    ready.TrySetResult();
            });
        var server = new SideServer(
            place.Data, place.Sockets, run.RunAsync(Timeout.InfiniteTimeSpan, CancellationToken.None));
        try
        {
            await Task.WhenAny(ready.Task, server._process).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            await server.DisposeAsync();
            throw;
        }
        if (ready.Task.IsCompleted)
            return new Outcome<SideServer>.Done(server);
        return new Outcome<SideServer>.Failed(new Problem(
            "restored-server-failed",
            "the restored server did not come up",
            (await server._process).Complaint ?? "it ended by itself",
            $"its files are in {place.Data}",
            "its last lines say why"));
    }

    /// <summary>
    /// Starts it, told by its files to recover up to an address and to shut down there, and waits until it has.
    /// </summary>
    /// <inheritdoc cref="StartAsync"/>
    public static async Task<Outcome> RecoverAsync(
        (PostgresBinaries Binaries, ServerAccount Account) host,
        (string Data, string Sockets) place,
        IEnumerable<(string Name, string Value)> settings,
        CancellationToken cancellation)
    {
        host.Account.CreateDirectory(place.Sockets, ServerFiles.OwnerDirectory);
        var rules = Path.Combine(place.Sockets, "pg_hba.conf");
        AtomicFile.Write(rules, "local all all reject\n", host.Account);
        var reached = false;
        var run = new ToolRun(
            host.Account,
            host.Binaries.Tool("postgres"),
            ["-D", place.Data, .. Private(place.Sockets, rules).Concat(settings).SelectMany(Argument)],
            OnLine: line => reached |= line.Contains(ReachedLine, StringComparison.Ordinal));
        var ended = await run.RunAsync(Timeout.InfiniteTimeSpan, cancellation);
        return reached && ended.Complaint is null
            ? Outcome.Success
            : new Outcome.Failed(new Problem(
                "restored-server-short",
                "the restored server did not get to the end of the archive",
                ended.Complaint ?? "it ended by itself",
                $"its files are in {place.Data}",
                "its last lines say why"));
    }

    public NpgsqlConnection Connect(string database) => new(new NpgsqlConnectionStringBuilder
    {
        Host = _sockets,
        Port = Port,
        Database = database,
        Username = InstanceSettings.Superuser,
        Pooling = false,
        CommandTimeout = 0,
        Timeout = 10,
    }.ConnectionString);

    /// <summary>What PostgreSQL's own programs need to connect.</summary>
    public IEnumerable<string> ClientArguments =>
    [
        "--host", _sockets, "--port", Port.ToString(CultureInfo.InvariantCulture),
        "--username", InstanceSettings.Superuser,
    ];

    /// <summary>With everything written to disk.</summary>
    public async Task StopAsync()
    {
        await SignalAsync(Signal.Interrupt);
        await Task.WhenAny(_process, Task.Delay(StopLimit));
    }

    public async ValueTask DisposeAsync()
    {
        await SignalAsync(Signal.Quit);
        await _process;
    }

    private static IEnumerable<(string, string)> Private(string sockets, string rules) =>
    [
        ("listen_addresses", ""),
        ("unix_socket_directories", sockets),
        ("port", Port.ToString(CultureInfo.InvariantCulture)),
        ("hba_file", rules),
        ("logging_collector", "off"),
        ("log_destination", "stderr"),
        ("log_min_messages", "warning"),
        ("lc_messages", "C"),
    ];

    private static IEnumerable<string> Argument((string Name, string Value) setting) =>
        ["-c", $"{setting.Name}={setting.Value}"];

    private async Task SignalAsync(int signal)
    {
        while (!_process.IsCompleted)
        {
            // Before it has written its pid there is nobody to tell, and it will write it or end.
            if (Postmaster() is { } pid)
            {
                _ = LibC.Kill(pid, signal);
                return;
            }
            await Task.WhenAny(_process, Task.Delay(Pace));
        }
    }

    private int? Postmaster()
    {
        try
        {
            var line = File.ReadLines(Path.Combine(_data, "postmaster.pid")).FirstOrDefault();
            return int.TryParse(line, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

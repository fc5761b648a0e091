using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using PgMahout.Core.Access;
using PgMahout.Core.Diagnosis;
using PgMahout.Postgres.Installation;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>
/// Each configuration of BrokenConfigurations.txt keeps a real server from starting, and what the server says about it
/// is explained.
/// </summary>
public sealed class BrokenConfigurationTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Server_refuses_each_broken_configuration_and_its_log_is_explained()
    {
        await using var server = await ScratchServer.MakeAsync();
        var wrong = new List<string>();
        var tried = 0;

        foreach (var broken in Broken().Where(broken => broken.File != "lock-out"))
        {
            var (exit, lines) = await server.StartAsync(broken.File, broken.Lines, Limit);
            tried++;
            if (exit is null or 0)
                wrong.Add($"{broken.Name}: the server started");
            if (server.Explain(lines) is not { } failure)
                wrong.Add($"{broken.Name}: nothing was found in\n{string.Join('\n', lines)}");
            else if (
                failure.Cause == "unknown" || !failure.What.Contains(broken.Word, StringComparison.OrdinalIgnoreCase))
                wrong.Add($"{broken.Name}: '{broken.Word}' is missing in {failure}\n{string.Join('\n', lines)}");
            else if (failure.Fixes.IsEmpty || failure.Fixes.Any(string.IsNullOrWhiteSpace))
                wrong.Add($"{broken.Name}: no command");
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
        Assert.InRange(tried, 40, 200);
    }

    [Fact]
    public void Each_lock_out_is_found_before_it_is_written()
    {
        ProtectedLogin[] own =
        [
            new(LoginAttempt.Tcp(null, "pgmahout_replication", IpRange.Parse("10.0.0.2")!.Value), true, true),
            new(LoginAttempt.Tcp("postgres", "postgres", IpRange.Parse("10.0.0.2")!.Value), true, true),
            new(LoginAttempt.Local("postgres", "postgres"), true, true),
        ];
        const string Good = "local all all scram-sha-256\nhost all,replication all all scram-sha-256\n";
        var before = HbaFile.Parse(Good, new HbaDialect(15));
        var found = 0;

        foreach (var broken in Broken().Where(broken => broken.File == "lock-out"))
        {
            var text = broken.Lines.Replace("{replication}", "pgmahout_replication", StringComparison.Ordinal)
                .Replace("{superuser}", "postgres", StringComparison.Ordinal);
            var after = HbaFile.Parse(text + "\n" + Good, new HbaDialect(15));
            var lockouts = HbaLockout.Find(before, after, own, Surroundings.Unknown);

            Assert.Empty(after.Errors);
            Assert.Contains(lockouts, lockout => lockout is HbaLockout.Rejected);
            Assert.Contains(broken.Word, string.Join('\n', lockouts.Select(HbaWords.Of)), StringComparison.Ordinal);
            found++;
        }

        Assert.InRange(found, 3, 20);
    }

    [Fact]
    public async Task What_is_wrong_with_the_place_is_explained_too()
    {
        await using var server = await ScratchServer.MakeAsync();

        var mode = await server.WhileAsync(
            () => File.SetUnixFileMode(server.Data, (UnixFileMode)0x1ff),
            () => File.SetUnixFileMode(server.Data, (UnixFileMode)0x1c0));
        var version = await server.WhileAsync(
            () => File.WriteAllText(Path.Combine(server.Data, "PG_VERSION"), "13\n"),
            () => File.WriteAllText(Path.Combine(server.Data, "PG_VERSION"), "15\n"));
        var configuration = await server.WhileAsync(
            () => File.Move(server.Configuration, server.Configuration + ".away"),
            () => File.Move(server.Configuration + ".away", server.Configuration));
        var control = await server.WhileAsync(
            () => File.Move(Path.Combine(server.Data, "PG_VERSION"), Path.Combine(server.Data, "PG_V")),
            () => File.Move(Path.Combine(server.Data, "PG_V"), Path.Combine(server.Data, "PG_VERSION")));
        // Its own process is alive and belongs to the account, as a stale number that was given away again.
        using var other = await server.OccupyAsync();
        var stale = await server.WhileAsync(
            () => File.WriteAllText(Path.Combine(server.Data, "postmaster.pid"), $"{other.Id}\n{server.Data}\n"),
            () => File.Delete(Path.Combine(server.Data, "postmaster.pid")));
        other.Kill();

        Assert.Equal(
            "directory-mode other-version directory-missing not-a-data-directory already-running",
            string.Join(' ', mode, version, configuration, control, stale));
    }

    [Fact]
    public async Task Port_of_another_process_is_explained()
    {
        await using var server = await ScratchServer.MakeAsync();
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, server.Port);
        listener.Start();

        var (_, lines) = await server.StartAsync("postgresql.conf", "", Limit);

        Assert.Equal("port-taken", server.Explain(lines)?.Cause);
    }

    private static IEnumerable<(string Name, string File, string Lines, string Word)> Broken()
    {
        foreach (var line in File.ReadLines(Repository("tests/PgMahout.LiveTests/BrokenConfigurations.txt")))
        {
            if (line.Length == 0 || line.StartsWith('#'))
                continue;
            var fields = line.Split(" | ", StringSplitOptions.TrimEntries);
            Assert.Equal(4, fields.Length);
            yield return (fields[0], fields[1], fields[2].Replace("\\n", "\n", StringComparison.Ordinal), fields[3]);
        }
    }

    private static string Repository(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PgMahout.slnx")))
            folder = folder.Parent!;
        return Path.Combine(folder.FullName, path);
    }

    /// <summary>A data directory whose server is started with one mistake after the other.</summary>
    private sealed class ScratchServer(string directory, PostgresBinaries binaries, ServerAccount account)
        : IAsyncDisposable
    {
        private ImmutableArray<string> _settings = [];
        private string _goodConfiguration = "";
        private string _goodRules = "";

        public string Data => Path.Combine(directory, "data");

        public string Configuration => Path.Combine(Data, "postgresql.conf");

        public int Port { get; } = 20000 + System.Security.Cryptography.RandomNumberGenerator.GetInt32(9000);

        public static async Task<ScratchServer> MakeAsync()
        {
            var account = TestMember.Done(ServerAccount.Find());
            var directory = $"/tmp/pgm-broken-{Guid.NewGuid().ToString("N")[..8]}";
            account.CreateDirectory(
                directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var made = new ScratchServer(directory, TestMember.Done(PostgresBinaries.Find()), account);
            await made.InitializeAsync();
            return made;
        }

        public async Task<(int? Exit, IReadOnlyList<string> Lines)> StartAsync(
            string file, string lines, TimeSpan limit)
        {
            await WriteAsync(file, lines);
            return await RunAsync("postgres", ["-D", Data], limit);
        }

        private async Task WriteAsync(string file, string lines)
        {
            var main = $"{_goodConfiguration}\nport = {Port}\nlisten_addresses = '127.0.0.1'\n"
                + $"unix_socket_directories = '{directory}'\n";
            await File.WriteAllTextAsync(Configuration, main + (file == "postgresql.conf" ? lines + "\n" : ""));
            await File.WriteAllTextAsync(
                Path.Combine(Data, "pg_hba.conf"), _goodRules + (file == "pg_hba.conf" ? lines + "\n" : ""));
        }

        /// <summary>The cause that is found when the server is started between two steps.</summary>
        public async Task<string?> WhileAsync(Action spoil, Action repair)
        {
            await WriteAsync("", "");
            spoil();
            var (_, lines) = await RunAsync("postgres", ["-D", Data], Limit);
            repair();
            return Explain(lines)?.Cause;
        }

        public ServerFailure? Explain(IReadOnlyList<string> lines) => ServerLog.LastFailure(
            lines,
            new LogReading(binaries.Major, Data, _settings, (file, number) =>
                File.ReadLines(file).Skip(number - 1).FirstOrDefault()));

        /// <summary>A process of the server's account that does nothing.</summary>
        public async Task<Process> OccupyAsync()
        {
            var started = Process.Start(Command("/bin/sleep", ["60"]))!;
            await Task.Yield();
            return started;
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(directory, recursive: true);
            return ValueTask.CompletedTask;
        }

        private async Task InitializeAsync()
        {
            var (exit, lines) = await RunAsync(
                "initdb", ["-D", Data, "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8"],
                TimeSpan.FromMinutes(1));
            Assert.True(exit == 0, string.Join('\n', lines));
            _goodConfiguration = await File.ReadAllTextAsync(Configuration);
            _goodRules = await File.ReadAllTextAsync(Path.Combine(Data, "pg_hba.conf"));
            _settings = [.. (await RunAsync("postgres", ["--describe-config"], Limit)).Lines
                .Select(line => line.Split('\t')[0])];
        }

        /// <summary>Exit code null: it ran until the limit, and was ended.</summary>
        private async Task<(int? Exit, IReadOnlyList<string> Lines)> RunAsync(
            string program, string[] arguments, TimeSpan limit)
        {
            var lines = new List<string>();
            using var process = new Process { StartInfo = Command(binaries.Tool(program), arguments) };
            DataReceivedEventHandler keep = (_, line) =>
            {
                lock (lines)
                    if (line.Data is not null)
                        lines.Add(line.Data);
            };
            process.OutputDataReceived += keep;
            process.ErrorDataReceived += keep;
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            using var bound = new CancellationTokenSource(limit);
            try
            {
                await process.WaitForExitAsync(bound.Token);
                return (process.ExitCode, lines);
            }
            catch (OperationCanceledException)
            {
                Signals.Send(process.Id, Signals.Quit);
                await process.WaitForExitAsync();
                return (null, lines);
            }
        }

        private ProcessStartInfo Command(string program, string[] arguments)
        {
            var command = new ProcessStartInfo("setpriv")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            string[] all =
            [
                string.Create(CultureInfo.InvariantCulture, $"--reuid={account.Uid}"),
                string.Create(CultureInfo.InvariantCulture, $"--regid={account.Gid}"), "--clear-groups", program,
                .. arguments,
            ];
            if (!account.IsBorrowed)
                command.FileName = program;
            foreach (var argument in account.IsBorrowed ? all : arguments)
                command.ArgumentList.Add(argument);
            return command;
        }
    }
}

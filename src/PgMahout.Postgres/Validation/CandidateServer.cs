using System.Collections.Immutable;
using Npgsql;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Validation;

/// <summary>What a server of the same version says to the files that a member would get.</summary>
public abstract record CandidateVerdict
{
    private CandidateVerdict() { }

    /// <summary>It started with them, and found no error in them.</summary>
    public sealed record Accepted : CandidateVerdict;

    /// <param name="Complaints">The server's own words: lines of its log, or errors with file and line.</param>
    public sealed record Refused(ImmutableArray<string> Complaints) : CandidateVerdict;

    /// <summary>It could not be tried; <paramref name="Why"/> says what was in the way.</summary>
    public sealed record Untried(string Why) : CandidateVerdict;
}

/// <summary>
/// Tries a configuration before any member gets it: an empty server in a directory beside the member's, reachable by a
/// unix socket and nothing else, is really started with the files. Takes about two seconds.
/// </summary>
public static class CandidateServer
{
    private const string Errors = ServerQuery.FileErrors + """

        UNION ALL
        SELECT format('pg_hba.conf line %s: %s', line_number, error) FROM pg_hba_file_rules WHERE error IS NOT NULL
        """;

    // Files of the operator that the configuration may name, beside postgresql.conf.
    private static readonly ImmutableArray<string> Copied = ["*.conf", "*.crt", "*.key", "*.pem", "*.crl"];

    private const int SocketNumber = 1;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);

    /// <param name="settings">Of the member, with what it would be configured with.</param>
    public static async Task<CandidateVerdict> TryAsync(
        InstanceSettings settings, TimeSpan limit, CancellationToken cancellation)
    {
        var directory = MemberPaths.Trial(settings);
        var trial = settings with
        {
            MemberDirectory = directory,
            DataDirectory = Path.Combine(directory, "data"),
            // It listens on no address: the number only names its socket beside the running server's.
            Port = SocketNumber,
            StartLog = Path.Combine(directory, "start.log"),
        };
        try
        {
            // A command that was killed in the middle leaves its trial here; only one at a time makes any.
            Remove(directory);
            settings.Account.CreateDirectory(directory, ServerFiles.OwnerDirectory);
            return await TryInAsync(trial, settings.DataDirectory, limit, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CandidateVerdict.Untried(e.Message);
        }
        finally
        {
            Remove(directory);
        }
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private static async Task<CandidateVerdict> TryInAsync(
        InstanceSettings trial, string original, TimeSpan limit, CancellationToken cancellation)
    {
        await using (var context = new InstanceContext(trial))
            if ((await new Initialization(context).InitializeAsync(limit, cancellation)).Failure is { } problem)
                return new CandidateVerdict.Untried(problem.ToString());
        CopyOperatorFiles(original, trial);
        var files = new ServerFiles(trial);
        files.Write(AssignedRole.Alone);
        files.DropReservedSystemSettings();

        var said = new List<string>();
        using var running = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var server = new ToolRun(trial.Account, trial.Binaries.Tool("postgres"), Arguments(trial), OnLine: line =>
        {
            lock (said)
                said.Add(line);
        }).RunAsync(limit, running.Token);
        try
        {
            return await AskAsync(trial, server, said, cancellation);
        }
        finally
        {
            await running.CancelAsync();
            await server.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private static async Task<CandidateVerdict> AskAsync(
        InstanceSettings trial, Task<ToolResult> server, List<string> said, CancellationToken cancellation)
    {
        while (!server.IsCompleted)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionText.Local(trial));
                await connection.OpenAsync(cancellation);
                var errors = await ColumnAsync(connection, cancellation);
                if (await HugePages.WhyNotAsync(connection, trial, cancellation) is { } shortage)
                    errors = errors.Add(shortage);
                return errors.IsEmpty ? new CandidateVerdict.Accepted() : new CandidateVerdict.Refused(errors);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or System.Net.Sockets.SocketException)
            {
                await Task.WhenAny(server, Task.Delay(Pace, cancellation));
            }
        }
        var ended = await server;
        lock (said)
            return ended is ToolResult.Finished
                ? new CandidateVerdict.Refused([.. said])
                : new CandidateVerdict.Untried(ended.Complaint ?? "the trial server ended by itself");
    }

    private static async Task<ImmutableArray<string>> ColumnAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Errors, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var lines = ImmutableArray.CreateBuilder<string>();
        while (await reader.ReadAsync(cancellation))
            lines.Add(reader.GetString(0));
        return lines.ToImmutable();
    }

    private static void CopyOperatorFiles(string original, InstanceSettings trial)
    {
        if (!Directory.Exists(original))
            return;
        foreach (var file in Copied.SelectMany(pattern => Directory.EnumerateFiles(original, pattern)))
        {
            var copy = Path.Combine(trial.DataDirectory, Path.GetFileName(file));
            File.Copy(file, copy, overwrite: true);
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            trial.Account.TakeOwnership(copy);
        }
    }

    /// <summary>What would make it reachable, or take from the running server what it needs, is left out.</summary>
    private static ImmutableArray<string> Arguments(InstanceSettings trial) =>
    [
        "-D", trial.DataDirectory,
        "-c", "listen_addresses=",
        "-c", "logging_collector=off",
        "-c", "log_destination=stderr",
        "-c", "log_min_messages=warning",
        "-c", "archive_mode=off",
        "-c", "huge_pages=off",
        "-c", "fsync=off",
        "-c", "primary_conninfo=",
        "-c", "synchronous_standby_names=",
    ];
}

using PgMahout.Postgres.Files;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Instance;

/// <summary>The first data directory of a cluster, and its roles.</summary>
internal sealed class Initialization(InstanceContext context)
{
    private InstanceSettings Settings => context.Settings;

    /// <summary>
    /// Made beside its place and moved there when it is whole, so that a half-made one is never taken for a server.
    /// </summary>
    public async Task<Outcome> InitializeAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var directory = Settings.DataDirectory;
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            return new Outcome.Failed(Problems.Initialize($"{directory} is not empty"));
        var unfinished = MemberPaths.Unfinished(Settings);
        Fresh(unfinished);
        using var flush = FileSystemFlush.Before(unfinished);
        if (await InitdbAsync(unfinished, limit, cancellation) is { } complaint)
        {
            Directory.Delete(unfinished, recursive: true);
            return new Outcome.Failed(Problems.Initialize(complaint));
        }
        await flush.RunAsync();
        if (Directory.Exists(directory))
            Directory.Delete(directory);
        Directory.Move(unfinished, directory);
        AtomicFile.SyncDirectory(Settings.MemberDirectory);
        context.Files.WritePassFiles();
        context.Files.Write(AssignedRole.Alone);
        return Outcome.Success;
    }

    public async Task<Outcome> CreateRolesAsync(TimeSpan limit, CancellationToken cancellation)
    {
        const string Role = InstanceSettings.ReplicationRole;
        var sql = $"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{Role}') THEN CREATE ROLE {Role}; END IF;
            END $$;
            ALTER ROLE {Role} LOGIN REPLICATION PASSWORD {Statements.Literal(Settings.Secrets.ReplicationPassword)};
            """;
        var made = await context.Commands.RunAsync(
            "creating the replication role",
            (connection, bound) => connection.ExecuteAsync(sql, bound), limit, cancellation);
        return made.Failure is { } problem ? new Outcome.Failed(problem) : Outcome.Success;
    }

    /// <summary>An empty directory of the server account; what an interrupted run left there goes.</summary>
    internal void Fresh(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
        Settings.Account.CreateDirectory(directory, ServerFiles.OwnerDirectory);
    }

    private async Task<string?> InitdbAsync(string directory, TimeSpan limit, CancellationToken cancellation)
    {
        var passwordFile = Path.Combine(Settings.MemberDirectory, "initdb.password");
        AtomicFile.Write(passwordFile, Settings.Secrets.SuperuserPassword + "\n", Settings.Account);
        try
        {
            var run = new ToolRun(Settings.Account, Settings.Binaries.Tool("initdb"),
            [
                "--pgdata=" + directory, "--username=" + InstanceSettings.Superuser, "--pwfile=" + passwordFile,
                "--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--data-checksums", "--encoding=UTF8",
                "--locale=C.UTF-8", "--no-instructions", "--no-sync",
            ]);
            return (await run.RunAsync(limit, cancellation)).Complaint;
        }
        finally
        {
            AtomicFile.Remove(passwordFile);
        }
    }
}

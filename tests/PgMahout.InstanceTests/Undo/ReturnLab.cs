using System.Text.RegularExpressions;
using Npgsql;
using PgMahout.Core.Undo.Returning;
using PgMahout.InstanceTests.Backup;
using PgMahout.InstanceTests.Wal;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Probing;
using PgMahout.Undo.Returning;
using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>A live server, and a side server on a copy of it from before something was dropped.</summary>
internal sealed partial class ReturnLab : IAsyncDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly (string, string)[] SideSettings =
        [("fsync", "off"), ("autovacuum", "off"), ("shared_buffers", "16MB")];

    private readonly ScratchDirectory _home;
    private readonly ServerAccount _account;
    private readonly PostgresBinaries _programs;
    private SideServer? _then;

    private ReturnLab(
        PostgresBinaries binaries, PostgresBinaries programs, ServerAccount account, SmallFileSystem? disk)
    {
        _account = account;
        _programs = programs;
        _home = ScratchDirectory.Create(account);
        foreach (var directory in new[] { "live", "then", "work" })
            account.CreateDirectory(_home.File(directory), Mode);
        var data = disk is null ? _home.File("data") : Path.Combine(disk.Directory, "data");
        account.CreateDirectory(data, Mode);
        Live = new LabServer(binaries, account, data, _home.File("live"));
    }

    public LabServer Live { get; }

    public SideServer Then => _then!;

    /// <summary>All definitions as they were before the drop.</summary>
    public string Definitions { get; private set; } = "";

    /// <summary>Number and sum of all rows of every table, before the drop.</summary>
    public string Rows { get; private set; } = "";

    /// <summary>
    /// Everything in the live database's <c>public</c> and other schemas is made by <paramref name="sql"/>.
    /// </summary>
    public static async Task<ReturnLab> StartAsync(
        string sql, int major = 15, (string Name, string Sql)? makeDatabase = null, SmallFileSystem? disk = null,
        params string[] settings)
    {
        var binaries = PostgresVersions.Binaries(major);
        var lab = new ReturnLab(binaries, Programs(binaries), TestMember.Done(ServerAccount.Find()), disk);
        await lab.Live.InitializeAsync("--no-sync");
        await lab.Live.StartAsync(settings);
        await lab.ExecuteAsync(sql);
        if (makeDatabase is var (name, inside))
            await lab.ExecuteAsync(inside, name);
        lab.Definitions = await lab.DefinitionsAsync();
        lab.Rows = await lab.RowsAsync();
        await lab.Live.StopAsync();
        await lab.Live.CopyAsync(lab._home.File("past"));
        await lab.Live.StartAsync(settings);
        lab._then = TestMember.Done(await SideServer.StartAsync(
            (binaries, lab._account), (lab._home.File("past"), lab._home.File("then")), SideSettings,
            _ => { }, default));
        return lab;
    }

    /// <summary>The live server's WAL goes where there is room for it; it is restarted.</summary>
    public async Task MoveWalAsync()
    {
        await Live.StopAsync();
        var (wal, moved) = (Path.Combine(Live.DataDirectory, "pg_wal"), _home.File("wal"));
        var copied = await new ToolRun(_account, "/bin/cp", ["--archive", wal, moved])
            .RunAsync(LabServer.Limit, default);
        Assert.True(copied.Complaint is null, $"cp: {copied.Complaint}");
        Directory.Delete(wal, recursive: true);
        File.CreateSymbolicLink(wal, moved);
        await Live.StartAsync();
    }

    public async Task<ReturnRequest> RequestAsync(params string[] relations) => new()
    {
        Id = "lab",
        Source = new ReturnSource(Then, "postgres", _programs, _account, _home.File("work")),
        Live = () => new NpgsqlConnection(Live.ConnectionText),
        Relations = [.. await Task.WhenAll(relations.Select(OidThenAsync))],
        LockLimit = TimeSpan.FromSeconds(20),
    };

    public async Task<Returned> ReturnAsync(params string[] relations) =>
        TestMember.Done(await RunAsync(await RequestAsync(relations)));

    public static Task<Outcome<Returned>> RunAsync(ReturnRequest request, CancellationToken cancellation = default) =>
        new ReturnRun(request, TimeProvider.System).RunAsync(cancellation);

    /// <summary>Whole scripts, also with routines that have statements in them.</summary>
    public async Task ExecuteAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Live.ConnectionText) { Database = database }.ConnectionString);
        await connection.OpenAsync();
        foreach (var statement in SqlScript.Statements(sql))
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
            await batch.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Every definition and every row is as it was; nothing else is there.</summary>
    public async Task IsAsBeforeAsync()
    {
        Assert.Equal(Definitions, await DefinitionsAsync());
        Assert.Equal(Rows, await RowsAsync());
    }

    public async Task HasNoDebrisAsync() => Assert.Equal("", await Live.QueryAsync<string>(
        "SELECT coalesce(string_agg(nspname, ' '), '') FROM pg_namespace WHERE nspname ~ '^pgmahout'"));

    public async Task<string> DefinitionsAsync(string database = "postgres")
    {
        var file = _home.File("work/all.sql");
        await Live.DumpAsync(
            _programs.Tool("pg_dump"), "--schema-only", "--create", $"--dbname={database}", $"--file={file}");
        return RandomKey().Replace(await File.ReadAllTextAsync(file), "");
    }

    public async Task<string> RowsAsync()
    {
        const string Tables = """
            SELECT coalesce(string_agg(format('%s%I.%I', relkind, nspname, relname), E'\n'
                                       ORDER BY nspname, relname), '')
              FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
             WHERE relkind IN ('r', 'm', 'S') AND relpersistence = 'p' AND nspname !~ '^pg_|information_schema'
            """;
        var sums = new List<string>();
        var tables = await Live.QueryAsync<string>(Tables);
        foreach (var table in tables!.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            sums.Add(table + " " + await Live.QueryAsync<string>(
                $"SELECT count(*) || ' ' || coalesce(sum(hashtextextended({Row(table)}, 0)), 0) FROM {table[1..]} t"));
        return string.Join('\n', sums);
    }

    public async ValueTask DisposeAsync()
    {
        if (_then is not null)
            await _then.DisposeAsync();
        await Live.DisposeAsync();
        _home.Dispose();
    }

    /// <summary>A sequence counts how much of its WAL is used up, which changes without anybody noticing.</summary>
    private static string Row(string table) => table[0] == 'S'
        ? "(t.last_value || ' ' || t.is_called)"
        : "t::text";

    /// <summary>One value of the past.</summary>
    public async Task<string> ThenAsync(string sql)
    {
        await using var connection = Then.Connect("postgres");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task<uint> OidThenAsync(string relation)
    {
        await using var connection = Then.Connect("postgres");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT '{relation}'::regclass::oid", connection);
        return (uint)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A version without them can be read by the programs of the next.</summary>
    private static PostgresBinaries Programs(PostgresBinaries binaries)
    {
        var found = PostgresBinaries.FindAll().Append(binaries)
            .Where(item => File.Exists(item.Tool("pg_dump")) && item.Major >= binaries.Major)
            .OrderBy(item => item.Major).FirstOrDefault();
        Assert.SkipWhen(found is null, $"there is no pg_dump for PostgreSQL {binaries.Major} here");
        return found;
    }

    [GeneratedRegex(@"^\\(un)?restrict .*$|^-- Dump.*$", RegexOptions.Multiline)]
    private static partial Regex RandomKey();
}

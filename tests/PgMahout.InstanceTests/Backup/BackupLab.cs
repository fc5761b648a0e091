using System.Diagnostics;
using System.Globalization;
using PgMahout.Backup.Copying;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Restoring;
using PgMahout.Core.Backup;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>A server, an archive that it copies its WAL to, and a repository, all in one directory.</summary>
internal sealed class BackupLab : IAsyncDisposable
{
    private readonly ScratchDirectory _home;
    private readonly List<LabServer> _servers = [];
    private int _made;

    private BackupLab(PostgresBinaries binaries, ServerAccount account)
    {
        Binaries = binaries;
        Account = account;
        _home = ScratchDirectory.Create(account);
        Server = NewServer("data");
    }

    public static TheoryData<int> Versions { get; } = new(14, 15, 16, 17, 18);

    public PostgresBinaries Binaries { get; }

    public ServerAccount Account { get; }

    public LabServer Server { get; }

    public Repository Repository { get; private set; } = null!;

    public ulong SystemIdentifier { get; private set; }

    public string SocketsOfServer => _home.File("s0");

    public string StoreDirectory => _home.File("store");

    private string Archive => _home.File("archive");

    private string[] Archiving => ["archive_mode=on", $"archive_command=cp %p {Archive}/%f"];

    /// <summary>Skips the test when this version is not here.</summary>
    public static async Task<BackupLab> StartAsync(
        int major, Compression? compression = null, EncryptionKey? key = null, string[]? initialize = null)
    {
        var lab = new BackupLab(Find(major), TestMember.Done(ServerAccount.Find()));
        lab.Account.CreateDirectory(lab.Archive, Mode);
        lab.Account.CreateDirectory(lab.StoreDirectory, Mode);
        await lab.Server.InitializeAsync(["--data-checksums", .. initialize ?? []]);
        await lab.Server.StartAsync(lab.Archiving);
        var text = await lab.Server.QueryAsync<string>("SELECT system_identifier::text FROM pg_control_system()");
        lab.SystemIdentifier = ulong.Parse(text!, CultureInfo.InvariantCulture);
        lab.Repository = await lab.OpenRepositoryAsync(compression, key);
        return lab;
    }

    public string Path(string name) => _home.File(name);

    public LabServer NewServer(string name)
    {
        var sockets = _home.File("s" + _servers.Count.ToString(CultureInfo.InvariantCulture));
        Account.CreateDirectory(sockets, Mode);
        var server = new LabServer(Binaries, Account, _home.File(name), sockets);
        _servers.Add(server);
        return server;
    }

    public async Task<Repository> OpenRepositoryAsync(Compression? compression = null, EncryptionKey? key = null)
    {
        var store = TestMember.Done(DirectoryStore.Open(StoreDirectory, LabServer.Limit, TimeProvider.System));
        return TestMember.Done(await Repository.OpenAsync(
            store, new RepositoryOwner("lab", SystemIdentifier, false),
            compression ?? Compression.Of(CompressionKind.Lz4, null), key, default));
    }

    public BackupRequest Request(BackupId? parent = null) => new()
    {
        Id = new BackupId($"backup-{++_made}"),
        Repository = Repository,
        DataDirectory = Server.DataDirectory,
        ConnectionText = Server.ConnectionText,
        Source = "a",
        Parent = parent,
        WaitForWal = (_, _) => ArchivedAsync(),
        CommandLimit = LabServer.Limit,
    };

    public async Task<StoredHead> BackupAsync(BackupId? parent = null) =>
        TestMember.Done(await new BackupRun(Request(parent), TimeProvider.System).RunAsync(default));

    public RestoreRequest RestoreRequest(BackupId backup, string name) => new()
    {
        Repository = Repository,
        SystemIdentifier = SystemIdentifier,
        Backup = backup,
        Directory = _home.File(name),
        Owner = Account,
    };

    public async Task<RestoredBackup> RestoreAsync(BackupId backup, string name) =>
        TestMember.Done(await new RestoreRun(RestoreRequest(backup, name), TimeProvider.System).RunAsync(default));

    /// <summary>A server on a restored directory that has replayed the whole archive and accepts writes.</summary>
    public async Task<LabServer> RecoverAsync(string name, params string[] settings)
    {
        var server = NewServer(name);
        await File.WriteAllTextAsync(System.IO.Path.Combine(server.DataDirectory, "recovery.signal"), "");
        Account.TakeOwnership(System.IO.Path.Combine(server.DataDirectory, "recovery.signal"));
        await server.StartAsync(
            [$"restore_command=cp {Archive}/%f %p", "recovery_target_timeline=latest", .. settings]);
        await server.UntilAsync("NOT pg_is_in_recovery()");
        return server;
    }

    /// <summary>Everything written so far is in the archive.</summary>
    public async Task<Outcome> ArchivedAsync()
    {
        const string Write = "SELECT pg_logical_emit_message(false, 'lab', 'x')";
        await Server.ExecuteAsync(Write);
        var last = await Server.QueryAsync<string>("SELECT pg_walfile_name(pg_switch_wal())");
        var watch = Stopwatch.StartNew();
        while (!File.Exists(System.IO.Path.Combine(Archive, last!)))
        {
            Assert.True(watch.Elapsed < LabServer.Limit, $"{last} was never archived");
            await Task.Delay(20);
        }
        return Outcome.Success;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        _home.Dispose();
    }

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static PostgresBinaries Find(int major)
    {
        var fetched = System.IO.Path.Combine(Artifacts(), "postgres", $"{major}", "bin");
        string[] places = [fetched, $"/usr/lib/postgresql/{major}/bin"];
        var place = places.FirstOrDefault(at => File.Exists(System.IO.Path.Combine(at, "postgres")));
        Assert.SkipWhen(
            place is null, $"there is no PostgreSQL {major} here: scripts/fetch-postgres-versions says why not");
        return new PostgresBinaries(place, major, $"{major}");
    }

    private static string Artifacts()
    {
        var at = AppContext.BaseDirectory;
        while (System.IO.Path.GetFileName(at) != "artifacts" && System.IO.Path.GetDirectoryName(at) is { } above)
            at = above;
        return at;
    }
}

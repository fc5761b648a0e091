using PgMahout.Postgres;
using PgMahout.Postgres.Adoption;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>Servers that somebody else made and started.</summary>
public sealed class AdoptionTests : IAsyncLifetime
{
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TestCluster _cluster = TestCluster.Empty(1);

    private TestMember Member => _cluster.A;

    private InstanceSettings Own => Member.Instance.Settings;

    private string Elsewhere => Path.Combine(Own.MemberDirectory, "etc");

    private string Sockets => Path.Combine(Own.MemberDirectory, "sockets");

    private RunningServer Server => new(
        Own.DataDirectory, Sockets, Own.Port, Path.Combine(Own.MemberDirectory, "before-adoption"))
    {
        IsStandby = false,
        KeepsPassword = false,
    };

    public async ValueTask InitializeAsync()
    {
        foreach (var directory in new[] { Elsewhere, Elsewhere + "/conf.d", Sockets, Server.Originals })
            Own.Account.CreateDirectory(directory, OwnerOnly);
        await ToolAsync("initdb", "--pgdata=" + Own.DataDirectory, "--username=postgres", "--auth=trust", "--no-sync");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Files_from_elsewhere_are_in_the_data_directory_afterwards_and_the_server_goes_on()
    {
        foreach (var name in new[] { "postgresql.conf", "pg_hba.conf", "pg_ident.conf" })
            File.Move(InData(name), Path.Combine(Elsewhere, name));
        Write(Path.Combine(Elsewhere, "postgresql.conf"),
            $"data_directory = '{Own.DataDirectory}'\nhba_file = '{Elsewhere}/pg_hba.conf'\n"
            + $"ident_file = '{Elsewhere}/pg_ident.conf'\n{Reached}work_mem = 7MB\ninclude_dir = 'conf.d'\n");
        Write(Path.Combine(Elsewhere, "conf.d", "more.conf"), "maintenance_work_mem = '33MB'\nwork_mem = '8MB'\n");
        await StartAsync(Elsewhere);
        var postmaster = Member.Instance.Processes.FindPostmaster();

        var reach = TestMember.Done(await PrepareAsync(Server));
        // Whatever was done can be done again.
        TestMember.Done(await PrepareAsync(Server));

        Assert.Equal(postmaster, Member.Instance.Processes.FindPostmaster());
        Assert.Equal(["127.0.0.1"], reach.Addresses);
        Assert.Equal([Sockets], reach.SocketDirectories);
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(Elsewhere, "pg_hba.conf")),
            await File.ReadAllTextAsync(InData("pg_hba.adopted.conf")));
        Assert.DoesNotContain(Elsewhere, SettingsOnly(InData("postgresql.conf")), StringComparison.Ordinal);
        await IsAServerAsync();
    }

    [Fact]
    public async Task A_file_in_the_data_directory_stays_with_its_comments()
    {
        var before = await File.ReadAllTextAsync(InData("postgresql.conf"))
            + Reached + "work_mem = '8MB' # ours\nmaintenance_work_mem = '33MB'\n";
        Write(InData("postgresql.conf"), before);
        await StartAsync(Own.DataDirectory);
        await ToolAsync("psql", "-h", Sockets, "-p", $"{Own.Port}", "-U", "postgres", "-d", "postgres", "-c",
            "alter system set primary_slot_name = 'theirs'");

        TestMember.Done(await PrepareAsync(Server));

        Assert.Equal(
            $"include 'pgmahout.defaults.conf'\n{before}include 'pgmahout.conf'\n",
            await File.ReadAllTextAsync(InData("postgresql.conf")));
        Assert.DoesNotContain(
            "theirs", await File.ReadAllTextAsync(InData("postgresql.auto.conf")), StringComparison.Ordinal);
        Assert.Contains(
            "theirs", await File.ReadAllTextAsync(Path.Combine(Server.Originals, "postgresql.auto.conf")),
            StringComparison.Ordinal);
        await IsAServerAsync();
    }

    [Fact]
    public async Task A_password_that_is_to_be_kept_and_is_another_stops_it_before_anything_is_changed()
    {
        Write(InData("postgresql.conf"), await File.ReadAllTextAsync(InData("postgresql.conf")) + Reached);
        await StartAsync(Own.DataDirectory);
        await ToolAsync("psql", "-h", Sockets, "-p", $"{Own.Port}", "-U", "postgres", "-d", "postgres", "-c",
            "alter role postgres password 'of a person'");

        var refused = await PrepareAsync(Server with { KeepsPassword = true });

        Assert.Equal("adopted-password-differs", refused.Failure!.Code);
        Assert.False(File.Exists(InData("pgmahout.conf")));
    }

    private string Reached =>
        $"port = {Own.Port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{Sockets}'\n";

    /// <summary>Started from its data directory alone, with a member's login, and what it was told before.</summary>
    private async Task IsAServerAsync()
    {
        TestMember.Done(await Member.Instance.StopAsync(Core.Ha.StopMode.Fast, TestMember.Limit, default));
        await Member.StartPrimaryAsync();
        Assert.Equal("8MB", await Member.QueryAsync<string>("show work_mem"));
        Assert.Equal("33MB", await Member.QueryAsync<string>("show maintenance_work_mem"));
        Assert.Equal("off", await Member.QueryAsync<string>("show restart_after_crash"));
        Assert.True(await Member.QueryAsync<bool>(
            "select bool_and(rolpassword like 'SCRAM%') from pg_authid "
            + "where rolname in ('postgres', 'pgmahout_replication')"));
    }

    private Task<Outcome<FormerReach>> PrepareAsync(RunningServer server) =>
        new ServerAdoption(server, Own.Secrets, Own.Account).PrepareAsync(CancellationToken.None);

    private Task StartAsync(string configuration) => ToolAsync(
        "pg_ctl", "start", "-w", "-D", configuration, "-l", Path.Combine(Own.MemberDirectory, "former.log"));

    private async Task ToolAsync(string program, params string[] arguments)
    {
        var result = await new ToolRun(Own.Account, Own.Binaries.Tool(program), [.. arguments])
            .RunAsync(TestMember.Limit, CancellationToken.None);
        Assert.True(result.Complaint is null, $"{program}: {result.Complaint}");
    }

    private void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        Own.Account.TakeOwnership(path);
    }

    private static string SettingsOnly(string file) => string.Join(
        '\n', File.ReadLines(file).Where(line => !line.StartsWith('#')));

    private string InData(string name) => Path.Combine(Own.DataDirectory, name);
}

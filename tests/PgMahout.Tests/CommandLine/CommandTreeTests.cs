using System.CommandLine;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Output;
using PgMahout.Starting;
using PgMahout.Status;
using PgMahout.Tests.Tidy;
using PgMahout.Verbs;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class CommandTreeTests
{
    private static ParseResult Parse(params string[] arguments) =>
        CommandTree.Build(new CommonOptions())
            .Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });

    [Theory]
    [InlineData("up", "--members", "5", "--durability", "strict", "--rto", "500ms")]
    [InlineData("up", "--members", "0")]
    [InlineData("up", "--members", "8")]
    [InlineData("up", "--port", "65536")]
    [InlineData("up", "--port", "http")]
    [InlineData("up", "--rto", "1h")]
    [InlineData("drill", "failover", "--runs", "many")]
    [InlineData("history", "-n", "x")]
    [InlineData("up", "--durability", "perhaps")]
    [InlineData("up", "--rto", "3")]
    [InlineData("up", "--name", "my cluster")]
    [InlineData("status", "-o", "yaml")]
    [InlineData("pause", "--for", "10m")]
    [InlineData("restart")]
    [InlineData("restart", "m1", "--all")]
    [InlineData("uri", "--read", "--write")]
    [InlineData("drill", "earthquake")]
    [InlineData("drill", "failover", "--runs", "0")]
    [InlineData("status", "-o", "conf")]
    [InlineData("tune", "-o", "yaml")]
    [InlineData("tune", "--ram", "4")]
    [InlineData("tune", "--ram", "4gb")]
    [InlineData("tune", "--ram", "128MB")]
    [InlineData("tune", "--ram", "9999999999999999999TB")]
    [InlineData("tune", "--cpus", "0")]
    [InlineData("tune", "--version", "9")]
    [InlineData("tune", "--storage", "tape")]
    [InlineData("tune", "--type", "olap")]
    [InlineData("tune", "--connections", "5")]
    [InlineData("tune", "--rules", "mine")]
    [InlineData("restore", "--at", "latest")]
    [InlineData("restore", "--at", "latest", "--to", "/tmp/x", "--in-place")]
    [InlineData("restore", "--at", "latest", "--in-place", "--from", "/mnt/backup")]
    [InlineData("restore", "--at", "latest", "--as-new-cluster")]
    [InlineData("deploy", "certificates", "rotate", "db1", "--ca")]
    [InlineData("deploy", "certificates", "rotate", "--step")]
    [InlineData("up", "--members", "5", "--sites", "a,b")]
    [InlineData("nonsense")]
    public void What_makes_no_sense_is_not_begun(params string[] arguments) => Assert.NotEmpty(Parse(arguments).Errors);

    [Theory]
    [InlineData("up", "--members", "5", "--durability", "strict", "--rto", "5s", "--detach")]
    [InlineData("up", "--repository", "s3://bucket/prefix", "--endpoint", "http://127.0.0.1:9000")]
    [InlineData("up", "--repository", "none")]
    [InlineData("deploy")]
    [InlineData("deploy", "orders.yml", "--dry-run", "--open-firewall", "--known-hosts", "hosts", "--drill")]
    [InlineData("deploy", "certificates", "rotate", "db1", "--file", "orders.yml")]
    [InlineData("deploy", "certificates", "rotate", "--ca", "--step")]
    [InlineData("up", "--members", "5", "--sites", "a,a,a,b,b")]
    [InlineData("deploy", "add", "db4", "-f", "orders.yml")]
    [InlineData("deploy", "remove", "db4", "-y")]
    [InlineData("deploy", "upgrade", "-f", "orders.yml", "--timeout", "10m")]
    [InlineData("status", "-w", "-o", "json", "-v")]
    [InlineData("-o", "json", "status")]
    [InlineData("history", "-n", "5")]
    [InlineData("history", "show", "12")]
    [InlineData("explain")]
    [InlineData("explain", "UP-003")]
    [InlineData("switchover", "--to", "m2", "--reason", "@night")]
    [InlineData("failover", "--yes")]
    [InlineData("restart", "--all")]
    [InlineData("pause", "--for", "10m", "--reason", "kernel")]
    [InlineData("member", "add")]
    [InlineData("member", "reinit", "m2", "-y")]
    [InlineData("psql", "--read", "--", "-c", "select 1")]
    [InlineData("drill", "freeze", "--runs", "3", "--rate", "50", "--keep")]
    [InlineData("tune", "-o", "conf")]
    [InlineData("tune", "-o", "alter-system", "--version", "17")]
    [InlineData("-o", "json", "tune", "--ram", "4GB", "--cpus", "2", "--storage", "hdd", "--type", "oltp")]
    [InlineData("tune", "--rules", "pgtune", "--type", "dw", "--db-size", "greater", "--members", "3")]
    [InlineData("restore", "--in-place", "--at", "10m ago", "--yes")]
    [InlineData("restore", "--as-new-cluster", "--from", "/mnt/backup", "--at", "latest", "--port", "6000")]
    [InlineData("down", "--destroy")]
    [InlineData("wal", "stats", "--segments", "10", "-n", "5", "--from-dir", "/var/lib/postgresql/15/main/pg_wal")]
    [InlineData("wal", "tail", "-f", "-n", "5", "--repository", "/srv/backup", "--key-file", "/etc/key")]
    [InlineData("wal", "find", "--dropped", "--table", "public.orders", "-o", "json")]
    [InlineData("wal", "find", "--at", "2026-01-31 12:00:00+09")]
    public void What_the_manual_shows_is_understood(params string[] arguments) => Assert.Empty(Parse(arguments).Errors);

    [Fact]
    public void The_manual_has_every_verb()
    {
        var manual = Repository.Read("docs/commands.md");

        Assert.All(
            CommandTree.Build(new CommonOptions()).Subcommands.Where(command => !command.Hidden),
            command => Assert.Contains($"pgmahout {command.Name}", manual));
    }

    [Fact]
    public void The_manual_has_every_exit_code() => Assert.All(
        Enum.GetValues<ExitCode>(),
        code => Assert.Contains($"| {(int)code} |", Repository.Read("docs/commands.md")));

    [Fact]
    public void Sites_are_given_to_members_in_their_order_and_make_standbys_cascade()
    {
        var home = new HomeLayout("/srv/home");
        var plain = new UpRequest(2, 6000, null, null, null);
        var placed = plain with { Sites = ["a", "b"] };

        Assert.Equal(["a", "b"], placed.SpecFor(home).Members.Select(member => member.Site));
        Assert.Equal((Cascade.BySite, Cascade.Off), (placed.SpecFor(home).Cascade, plain.SpecFor(home).Cascade));
        var nothing = plain.BackupFor(home);
        Assert.Contains(
            "--sites a,b, and it has none",
            placed.ContradictionsWith(plain.SpecFor(home), nothing, placed.ProxyFor(home)));
        Assert.Empty(placed.ContradictionsWith(placed.SpecFor(home), nothing, placed.ProxyFor(home)));
    }

    [Fact]
    public void Uri_names_every_member_and_no_password()
    {
        var home = new HomeLayout("/srv/my home");
        var spec = new UpRequest(2, 6000, null, null, null).SpecFor(home);

        Assert.Equal(
            "postgresql://postgres@127.0.0.1:6000,127.0.0.1:6001/postgres?target_session_attrs=read-write"
            + "&connect_timeout=2&passfile=/srv/my%20home/secrets/pgpass",
            ClientUri.For(spec, home, read: false));
        Assert.Contains("target_session_attrs=prefer-standby", ClientUri.For(spec, home, read: true));

        var proxy = new UpRequest(2, 6000, null, null, null).ProxyFor(home);
        Assert.StartsWith(
            "postgresql://postgres@127.0.0.1:6008/postgres?connect_timeout=35&passfile=",
            ClientUri.For(spec, proxy, home, read: false), StringComparison.Ordinal);
        Assert.Contains(":6009/", ClientUri.For(spec, proxy, home, read: true), StringComparison.Ordinal);
        Assert.Contains(
            "prefer-standby", ClientUri.For(spec, proxy! with { ReadPort = 0 }, home, read: true),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_plain_output_cannot_break_out_of_their_line() =>
        Assert.Equal("a\tb c\t\td e", Columns.Tabbed("a", "b\tc", null, "d\ne"));
}

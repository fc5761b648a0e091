using System.Text;
using System.Text.Json.Nodes;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Etcd;
using PgMahout.Tests.Store;
using Xunit;
using static PgMahout.InstanceTests.Store.StoreUnderFaults;

namespace PgMahout.InstanceTests.Store;

/// <summary>etcd that asks for certificates and for a password.</summary>
public sealed class EtcdAccessTests : IAsyncLifetime
{
    private const string Prefix = "/pgmahout/orders/";

    private readonly string _passwordFile = Path.GetTempFileName();
    private EtcdCertificates? _certificates;
    private EtcdCluster? _etcd;

    private EtcdSettings Secured => _certificates!.Used(_etcd!.Settings(Prefix));

    private EtcdSettings LoggedIn => Secured with { User = "orders", PasswordFile = _passwordFile };

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(EtcdCluster.Missing is not null, EtcdCluster.Missing ?? "");
        await File.WriteAllTextAsync(_passwordFile, "secret\n");
        _etcd = await EtcdCluster.StartAsync(1, hosts => _certificates = new EtcdCertificates(hosts));
    }

    public async ValueTask DisposeAsync()
    {
        if (_etcd is not null)
            await _etcd.DisposeAsync();
        _certificates?.Dispose();
        File.Delete(_passwordFile);
    }

    [Fact]
    public async Task Client_with_a_certificate_is_let_in_and_one_without_is_told()
    {
        await using var known = new EtcdClusterStore(Secured);
        await known.MustPutAsync(Revision.None, "m1");

        await using var nobody = new EtcdClusterStore(Secured with { CertificateFile = null, KeyFile = null });
        Assert.Contains("certificate", await nobody.MustNotReadAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Server_is_not_believed_without_our_authority_or_under_another_name()
    {
        await using var untrusting = new EtcdClusterStore(Secured with { CaFile = null });
        Assert.Contains("does not count here", await untrusting.MustNotReadAsync(), StringComparison.Ordinal);

        var member = _etcd!.Members[0];
        var elsewhere = new UriBuilder(member.Address) { Host = member.OtherHost }.Uri;
        await using var mistaken = new EtcdClusterStore(Secured with { Endpoints = [elsewhere] });
        Assert.Contains(
            $"is not for {member.OtherHost}", await mistaken.MustNotReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_are_read_again_when_they_have_changed()
    {
        using var used = new EtcdCertificates("elsewhere");
        await using var store = new EtcdClusterStore(used.Used(_etcd!.Settings(Prefix)));
        await store.MustNotReadAsync();

        foreach (var (from, to) in new[]
        {
            (_certificates!.Key, used.Key), (_certificates.Certificate, used.Certificate),
            (_certificates.Authority, used.Authority),
        })
            File.Copy(from, to, overwrite: true);

        await store.MustPutAsync(Revision.None, "m1");
    }

    [Fact]
    public async Task Certificate_files_that_are_not_there_are_named()
    {
        await using var store = new EtcdClusterStore(Secured with { CaFile = "/nowhere/ca.crt" });

        Assert.Contains("/nowhere/ca.crt", await store.MustNotReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_reads_writes_and_watches_its_own_prefix_only()
    {
        await AskForPasswordsAsync();
        await using var store = new EtcdClusterStore(LoggedIn);
        await using var other = new EtcdClusterStore(LoggedIn with { Prefix = "/pgmahout/other/" });
        await store.MustReadAsync();
        var called = new SemaphoreSlim(0);
        using var watch = store.Watch(() => called.Release());

        await store.MustPutAsync(Revision.None, "m1");

        Assert.True(await called.WaitAsync(EtcdCluster.Limit, Cancellation));
        Assert.Contains("does not permit", await other.MustNotReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_password_is_told_and_the_right_one_is_taken_when_it_is_written_down()
    {
        await AskForPasswordsAsync();
        await File.WriteAllTextAsync(_passwordFile, "wrong", Cancellation);
        await using var store = new EtcdClusterStore(LoggedIn);
        await using var nobody = new EtcdClusterStore(Secured);

        Assert.Contains("does not accept the user", await store.MustNotReadAsync(), StringComparison.Ordinal);
        Assert.Contains("does not permit", await nobody.MustNotReadAsync(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(_passwordFile, "secret", Cancellation);

        await store.MustPutAsync(Revision.None, "m1");
    }

    [Fact]
    public async Task Token_that_etcd_forgot_is_renewed_without_losing_a_call()
    {
        await AskForPasswordsAsync();
        await using var store = new EtcdClusterStore(LoggedIn);
        var revision = await store.MustPutAsync(Revision.None, "m1");

        // Its tokens are only in its memory.
        await _etcd!.Members[0].KillAsync();
        await _etcd.Members[0].StartAsync();
        await _etcd.Members[0].IsHealthyAsync();

        await store.ReadInTheEndAsync();
        await store.MustPutAsync(revision, "m2");
    }

    [Fact]
    public async Task Store_goes_on_when_etcd_begins_to_ask_for_passwords()
    {
        await using var store = new EtcdClusterStore(LoggedIn);
        var revision = await store.MustPutAsync(Revision.None, "m1");

        await AskForPasswordsAsync();

        Assert.True(await store.MustPutAsync(revision, "m2") > revision);
    }

    private async Task AskForPasswordsAsync()
    {
        await PostAsync("user/add", ("name", "root"), ("password", "root"));
        await PostAsync("user/grant", ("user", "root"), ("role", "root"));
        await PostAsync("user/add", ("name", "orders"), ("password", "secret"));
        await PostAsync("role/add", ("name", "orders"));
        await _etcd!.Members[0].PostAsync("/v3/auth/role/grant", new JsonObject
        {
            ["name"] = "orders",
            ["perm"] = new JsonObject
            {
                ["permType"] = "READWRITE",
                ["key"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Prefix)),
                ["range_end"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Prefix[..^1] + "0")),
            },
        });
        await PostAsync("user/grant", ("user", "orders"), ("role", "orders"));
        await PostAsync("enable");
    }

    private Task<JsonNode> PostAsync(string what, params (string Name, string Value)[] fields) =>
        _etcd!.Members[0].PostAsync("/v3/auth/" + what, new JsonObject(
            fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Value))));
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using PgMahout.Backup.Repositories;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class S3StoreTests : ObjectStoreContract, IClassFixture<S3Server>, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly S3Server _server;
    private readonly S3Store _store;

    public S3StoreTests(S3Server server)
    {
        Assert.SkipWhen(server.Missing is not null, server.Missing ?? "");
        server.Runs();
        _server = server;
        _store = new S3Store(server.Settings(), Limit, TimeProvider.System);
    }

    protected override IObjectStore Store => _store;

    public void Dispose() => _ = _store.DisposeAsync().AsTask();

    [Fact]
    public async Task A_bucket_that_is_missing_and_a_server_that_is_down_are_told()
    {
        await using var none = new S3Store(_server.Settings(bucket: "nobody"), Limit, TimeProvider.System);
        // Bound, so that nobody else gets the port, and not listened on.
        using var unheard = new Socket(SocketType.Stream, ProtocolType.Tcp);
        unheard.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)unheard.LocalEndPoint!).Port;
        await using var down = new S3Store(_server.Settings(port), Limit, TimeProvider.System);

        Assert.Equal(
            StoreProblems.VanishedCode,
            (await none.ListAsync("", Token)).Failure?.Code);
        Assert.Equal(StoreProblems.UnreachableCode, (await down.ListAsync("", Token)).Failure?.Code);
    }

    [Fact]
    public async Task Wrong_credentials_are_told()
    {
        var settings = _server.Settings() with { KeyId = "nobody", Secret = "wrong" };
        await using var store = new S3Store(settings, Limit, TimeProvider.System);

        Assert.Equal(
            StoreProblems.DeniedCode,
            (await store.PutAsync("x", new byte[1], Flushing.Now, Token)).Failure?.Code);
        Assert.DoesNotContain("wrong", settings.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://", null)]
    [InlineData("/var/lib/x", null)]
    [InlineData("s3://bucket/../x", null)]
    [InlineData("s3://bucket", "ftp://x")]
    [InlineData("s3://bucket", "x")]
    public void Settings_that_make_no_sense_are_refused(string address, string? endpoint)
    {
        var options = ImmutableSortedDictionary<string, string>.Empty;
        if (endpoint is not null)
            options = options.Add("endpoint", endpoint);

        Assert.Equal("repository-settings", S3Settings.Parse(address, options).Failure?.Code);
    }

    [Fact]
    public void Settings_are_read_with_their_credentials()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "[default]\naws_access_key_id = me\naws_secret_access_key=a=b\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        var options = ImmutableSortedDictionary<string, string>.Empty
            .Add("endpoint", "http://127.0.0.1:9000").Add("region", "moon").Add("credentials", file);

        var settings = Value(S3Settings.Parse("s3://bucket/a/b/", options));

        File.Delete(file);
        Assert.Equal(("bucket", "a/b/", "moon", "me", "a=b"),
            (settings.Bucket, settings.Prefix, settings.Region, settings.KeyId, settings.Secret));
        Assert.Equal("s3://bucket/a/b", settings.Address);
    }
}

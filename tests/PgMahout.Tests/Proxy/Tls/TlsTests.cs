using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxy.Tls;
using Xunit;

namespace PgMahout.Tests.Proxy.Tls;

/// <summary>Both sides of TLS against each other, without a network.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _files = new();
    private readonly TlsContext _server;
    private readonly TlsContext _client;

    public TlsTests()
    {
        _server = TlsPair.Opened(TlsContext.Server(_files.Chain, _files.Key));
        _client = TlsPair.Opened(TlsContext.Client(TlsVerification.Full, _files.Authority));
    }

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
        _files.Dispose();
    }

    [Fact]
    public void Two_sides_agree_on_a_version_and_on_the_protocol_above()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();

        Assert.Equal((TlsState.Open, TlsState.Open), (pair.Client.State, pair.Server.State));
        Assert.Equal(("TLSv1.3", "TLSv1.3"), (pair.Client.Version, pair.Server.Version));
        Assert.True(pair.Client.AgreedOnProtocol);
        Assert.True(pair.Server.AgreedOnProtocol);
    }

    [Fact]
    public void Bytes_come_out_as_they_went_in_and_not_as_they_lay_between()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();

        Assert.Equal(6, pair.Client.Write("secret"u8));
        var seen = new MemoryStream();
        pair.Carry(pair.Client, pair.Server, (bytes, length) =>
        {
            seen.Write(bytes, 0, length);
            return bytes[..length];
        });

        Assert.Equal("secret"u8, TlsPair.ReadAll(pair.Server));
        Assert.DoesNotContain("secret", Encoding.Latin1.GetString(seen.ToArray()), StringComparison.Ordinal);
        Assert.Equal(TlsState.Open, pair.Server.State);
    }

    [Fact]
    public void Much_goes_through_in_both_directions_and_never_waits_in_memory_without_bound()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();
        var random = new Prng(1);
        var sent = new byte[3_000_000];
        for (var i = 0; i < sent.Length; i++)
            sent[i] = (byte)random.Next();

        Assert.Equal(sent, Send(pair.Client, pair.Server, sent));
        Assert.Equal(sent, Send(pair.Server, pair.Client, sent));
    }

    [Fact]
    public void Nothing_more_is_taken_until_what_is_there_has_gone()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();
        var much = new byte[1 << 20];

        var written = pair.Client.Write(much);
        var waiting = pair.Client.OutputWaiting;
        var cipher = new byte[waiting];
        Assert.Equal(waiting, pair.Client.TakeOutput(cipher));
        var fed = pair.Server.Feed(cipher) + pair.Server.Feed(cipher);

        Assert.InRange(written, TlsSession.MostWaiting / 2, TlsSession.MostWaiting + (17 << 10));
        Assert.InRange(waiting, written, written + 4096);
        Assert.Equal(TlsSession.MostWaiting, fed);
        Assert.NotEqual(0, pair.Client.Write(much));
    }

    [Fact]
    public void A_call_allocates_nothing()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();
        var plain = new byte[1000];
        var cipher = new byte[4096];
        Echo();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
            Echo();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Echo()
        {
            pair.Client.Write(plain);
            var length = pair.Client.TakeOutput(cipher);
            pair.Server.Feed(cipher.AsSpan(0, length));
            while (pair.Server.Read(plain) > 0)
            {
            }
        }
    }

    [Fact]
    public void A_goodbye_is_told_from_a_connection_that_ended()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();
        pair.Client.Write("last"u8);
        pair.Client.Close();
        pair.Carry(pair.Client, pair.Server);

        Assert.Equal("last"u8, TlsPair.ReadAll(pair.Server));
        Assert.Equal(TlsState.Closed, pair.Server.State);
        pair.Server.Close();
        pair.Carry(pair.Server, pair.Client);
        Assert.Empty(TlsPair.ReadAll(pair.Client));
        Assert.Equal(TlsState.Closed, pair.Client.State);
        Assert.Equal(0, pair.Client.Write("more"u8));
    }

    [Fact]
    public void A_record_that_is_not_whole_yet_is_no_failure()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();
        pair.Client.Write("whole"u8);
        var cipher = new byte[pair.Client.OutputWaiting];
        pair.Client.TakeOutput(cipher);

        foreach (var one in cipher[..^1])
        {
            Assert.Equal(1, pair.Server.Feed([one]));
            Assert.Empty(TlsPair.ReadAll(pair.Server));
        }
        pair.Server.Feed(cipher.AsSpan(cipher.Length - 1));

        Assert.Equal("whole"u8, TlsPair.ReadAll(pair.Server));
    }

    [Fact]
    public void A_changed_byte_ends_the_session_and_the_other_side_is_told()
    {
        using var pair = new TlsPair(_client, _server).ShakeHands();
        pair.Client.Write("pay 1"u8);
        pair.Carry(pair.Client, pair.Server, (bytes, length) =>
        {
            bytes[length - 1] ^= 1;
            return bytes[..length];
        });

        Assert.Empty(TlsPair.ReadAll(pair.Server));
        Assert.Equal(TlsState.Failed, pair.Server.State);
        Assert.Contains("bad record mac", pair.Server.Failure, StringComparison.Ordinal);
        Assert.NotEqual(0, pair.Carry(pair.Server, pair.Client));
        Assert.Empty(TlsPair.ReadAll(pair.Client));
        Assert.Equal(TlsState.Failed, pair.Client.State);
    }

    [Fact]
    public void What_is_not_TLS_fails_with_a_reason()
    {
        using var session = _server.Accept();

        session.Feed("GET / HTTP/1.1\r\nHost: db.example\r\n\r\n"u8);

        Assert.Equal(TlsState.Failed, session.Advance());
        Assert.Contains("http request", session.Failure, StringComparison.Ordinal);
        Assert.Equal(0, session.Write("x"u8));
        Assert.Equal(0, session.Read(new byte[10]));
    }

    [Fact]
    public void Changed_handshakes_end_in_a_failure_or_in_waiting()
    {
        var random = new Prng(7);
        var failures = 0;
        for (var i = 0; i < 300; i++)
        {
            using var pair = new TlsPair(_client, _server);
            pair.Client.Advance();
            for (var round = 0; round < 5; round++)
            {
                pair.Carry(pair.Client, pair.Server, Change);
                pair.Server.Advance();
                pair.Carry(pair.Server, pair.Client, Change);
                pair.Client.Advance();
            }
            Assert.Equal(pair.Server.State == TlsState.Failed, pair.Server.Failure is not null);
            failures += pair.Server.State == TlsState.Failed || pair.Client.State == TlsState.Failed ? 1 : 0;
        }
        Assert.InRange(failures, 100, 300);

        byte[] Change(byte[] bytes, int length)
        {
            if (random.Chance(0.5))
                bytes[random.Below(length)] ^= (byte)(1 << random.Below(8));
            return bytes[..length];
        }
    }

    [Fact]
    public void A_server_is_believed_only_when_its_authority_is_known_and_it_is_the_one_that_was_meant()
    {
        using var strangers = new TestCertificates();
        using var lax = TlsPair.Opened(TlsContext.Client(TlsVerification.None, null));
        using var chain = TlsPair.Opened(TlsContext.Client(TlsVerification.Authority, _files.Authority));
        using var strange = TlsPair.Opened(TlsContext.Client(TlsVerification.Authority, strangers.Authority));

        Assert.Null(FailureOf(lax, "other.example"));
        Assert.Null(FailureOf(chain, "other.example"));
        Assert.Null(FailureOf(_client, "db.example"));
        Assert.Contains("hostname mismatch", FailureOf(_client, "other.example"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("IP address mismatch", FailureOf(_client, "127.0.0.1"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("certificate", FailureOf(strange, "db.example"), StringComparison.OrdinalIgnoreCase);

        string? FailureOf(TlsContext client, string host)
        {
            using var pair = new TlsPair(client, _server, host).ShakeHands();
            Assert.Equal(pair.Client.State == TlsState.Open, pair.Server.State == TlsState.Open);
            return pair.Client.Failure;
        }
    }

    [Fact]
    public void A_certificate_may_name_an_address()
    {
        using var files = new TestCertificates("127.0.0.1");
        using var server = TlsPair.Opened(TlsContext.Server(files.Chain, files.Key));
        using var client = TlsPair.Opened(TlsContext.Client(TlsVerification.Full, files.Authority));
        using var pair = new TlsPair(client, server, "127.0.0.1").ShakeHands();

        Assert.Equal(TlsState.Open, pair.Client.State);
    }

    [Fact]
    public void Sessions_live_on_when_certificates_are_replaced()
    {
        using var old = TlsPair.Opened(TlsContext.Server(_files.Chain, _files.Key));
        using var pair = new TlsPair(_client, old).ShakeHands();

        old.Dispose();
        pair.Client.Write("still here"u8);
        pair.Carry(pair.Client, pair.Server);

        Assert.Equal("still here"u8, TlsPair.ReadAll(pair.Server));
    }

    [Fact]
    public void Files_that_cannot_be_used_are_named_with_the_reason()
    {
        using var others = new TestCertificates();
        var open = Path.Combine(Path.GetDirectoryName(_files.Key)!, "open.key");
        File.Copy(_files.Key, open);
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Says("no such file", TlsContext.Server("/none.crt", _files.Key));
        Says("could not find", TlsContext.Server(_files.Chain, "/none.key"));
        Says("mismatch", TlsContext.Server(_files.Chain, others.Key));
        Says("every user", TlsContext.Server(_files.Chain, open));
        Assert.NotEmpty(Why(TlsContext.Server(_files.Chain, _files.LockedKey)));
        Assert.NotEmpty(Why(TlsContext.Server(_files.Key, _files.Key)));
        Assert.NotEmpty(Why(TlsContext.Client(TlsVerification.Full, _files.Key)));

        static void Says(string words, TlsOpening opening) =>
            Assert.Contains(words, Why(opening), StringComparison.OrdinalIgnoreCase);

        static string Why(TlsOpening opening) => Assert.IsType<TlsOpening.Failed>(opening).Why;
    }

    [Fact]
    public void Channel_binding_hashes_the_certificate_as_its_signature_does()
    {
        using var stronger = new TestCertificates(hash: HashAlgorithmName.SHA384);
        using var context = TlsPair.Opened(TlsContext.Server(stronger.Chain, stronger.Key));

        Assert.Equal(SHA256.HashData(_files.Raw), _server.CertificateHash.AsEnumerable());
        Assert.Equal(SHA384.HashData(stronger.Raw), context.CertificateHash.AsEnumerable());
    }

    private static byte[] Send(TlsSession from, TlsSession to, byte[] bytes)
    {
        var received = new MemoryStream();
        for (var at = 0; at < bytes.Length;)
        {
            at += from.Write(bytes.AsSpan(at, Math.Min(100_000, bytes.Length - at)));
            var cipher = new byte[1 << 16];
            while (from.TakeOutput(cipher) is var length && length > 0)
                for (var fed = 0; fed < length;)
                {
                    fed += to.Feed(cipher.AsSpan(fed, length - fed));
                    received.Write(TlsPair.ReadAll(to));
                }
        }
        return received.ToArray();
    }
}

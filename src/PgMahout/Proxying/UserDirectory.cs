using Npgsql;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Proxy;

namespace PgMahout.Proxying;

/// <summary>
/// Roles' secrets, asked for at the primary and, while there is none, at a standby: who may log in does not depend on
/// who leads. What was answered is remembered for a moment, the refusals for a shorter one. Secrets are in no log.
/// </summary>
internal sealed class UserDirectory(Func<Topology> topology, Func<ProxySettings> settings, string password)
    : IUserDirectory, IAsyncDisposable
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RefusalRemembered = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LimitEach = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private const string Query =
        "select rolpassword, rolcanlogin, coalesce(rolvaliduntil <= now(), false) "
        + "from pg_catalog.pg_authid where rolname = $1";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Answer> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<UserSecret?>> _asking = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NpgsqlDataSource> _sources = [];

    public void Find(string user, bool fresh, Action<UserSecret?> answered)
    {
        if (Remember(user, fresh) is { } secret)
            answered(secret);
        else
            _ = AnswerAsync(user, answered);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources.Values)
            await source.DisposeAsync();
    }

    private UserSecret? Remember(string user, bool fresh)
    {
        lock (_gate)
        {
            if (fresh || !_known.TryGetValue(user, out var known))
                return null;
            var lasts = known.Secret is UserSecret.None ? RefusalRemembered : Remembered;
            return BootClock.Now() - known.AskedAt < lasts ? known.Secret : null;
        }
    }

    private async Task AnswerAsync(string user, Action<UserSecret?> answered)
    {
        Task<UserSecret?>? asking;
        lock (_gate)
            // One question for all who ask for the same role at the same time.
            if (!_asking.TryGetValue(user, out asking))
                _asking[user] = asking = Task.Run(() => AskAndRememberAsync(user));
        answered(await asking);
    }

    private async Task<UserSecret?> AskAndRememberAsync(string user)
    {
        var askedAt = BootClock.Now();
        UserSecret? secret = null;
        try
        {
            return secret = await AskAsync(user);
        }
        finally
        {
            lock (_gate)
            {
                _asking.Remove(user);
                // A client can make up any number of names.
                if (_known.Count >= MostRemembered)
                    _known.Clear();
                if (secret is not null)
                    _known[user] = new Answer(secret, askedAt);
            }
        }
    }

    private async Task<UserSecret?> AskAsync(string user)
    {
        var now = topology();
        var until = BootClock.Now() + Limit;
        Backend?[] servers = [now.Primary, .. now.Standbys.Select(standby => standby.Backend)];
        foreach (var server in servers.OfType<Backend>())
        {
            if (BootClock.Now() >= until)
                break;
            if (await TryAskAsync(server, user) is { } secret)
                return secret;
        }
        return null;
    }

    private async Task<UserSecret?> TryAskAsync(Backend server, string user)
    {
        using var bounded = new CancellationTokenSource(LimitEach);
        try
        {
            await using var connection = await SourceOf(server).OpenConnectionAsync(bounded.Token);
            await using var command = new NpgsqlCommand(Query, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = user });
            await using var reader = await command.ExecuteReaderAsync(bounded.Token);
            if (!await reader.ReadAsync(bounded.Token))
                return new UserSecret.None("there is no such role");
            return StoredPassword.Read(
                await reader.IsDBNullAsync(0, bounded.Token) ? null : reader.GetString(0),
                canLogIn: reader.GetBoolean(1),
                ended: reader.GetBoolean(2));
        }
        catch (Exception failure) when (
            failure is NpgsqlException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // What is outermost only says that reading or the handshake failed.
            var why = failure is OperationCanceledException
                ? $"no answer within {LimitEach.TotalSeconds:F0} s"
                : failure.GetBaseException().Message;
            ProxyProcess.Say($"{server.Name} could not be asked for a role: {why}");
            return null;
        }
    }

    private NpgsqlDataSource SourceOf(Backend server)
    {
        var text = TextFor(server);
        lock (_gate)
        {
            if (_sources.TryGetValue(text, out var known))
                return known;
            var builder = new NpgsqlSlimDataSourceBuilder(text);
            builder.EnableTransportSecurity();
            // The built-in types are enough, and asking for all of them would be another wait.
            builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
            return _sources[text] = builder.Build();
        }
    }

    private string TextFor(Backend server)
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            Username = InstanceSettings.Superuser,
            Password = password,
            Database = "postgres",
            ApplicationName = "pgmahout proxy",
            Options = "-c log_statement=none -c log_min_duration_statement=-1 -c statement_timeout=0",
            MaxPoolSize = 2,
            ConnectionIdleLifetime = 60,
            Timeout = (int)LimitEach.TotalSeconds,
            GssEncryptionMode = GssEncryptionMode.Disable,
        };
        (text.Host, text.Port) = server.Address switch
        {
            ServerAddress.UnixSocket socket => (Path.GetDirectoryName(socket.Path)!, PortOf(socket.Path)),
            ServerAddress.Tcp tcp => (tcp.Host, tcp.Port),
            var other => throw new InvalidOperationException($"unknown address {other.GetType().Name}"),
        };
        if (server.Address is ServerAddress.Tcp)
            Encrypt(text, server);
        return text.ConnectionString;
    }

    private void Encrypt(NpgsqlConnectionStringBuilder text, Backend server)
    {
        var wanted = settings();
        text.SslMode = wanted.ServerTls switch
        {
            ServerTls.Disable => SslMode.Disable,
            ServerTls.Prefer => SslMode.Prefer,
            ServerTls.Require => SslMode.Require,
            ServerTls.VerifyAuthority => SslMode.VerifyCA,
            ServerTls.VerifyFull => SslMode.VerifyFull,
        };
        if (wanted.ServerTls is ServerTls.VerifyAuthority or ServerTls.VerifyFull)
            text.RootCertificate = wanted.ServerAuthorityFile;
        // The certificate names the host as the cluster does.
        if (wanted.ServerTls == ServerTls.VerifyFull)
            text.Host = server.Host ?? text.Host;
    }

    private static int PortOf(string socket) => int.Parse(
        socket.AsSpan(socket.LastIndexOf('.') + 1), System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Answer(UserSecret Secret, Instant AskedAt);
}

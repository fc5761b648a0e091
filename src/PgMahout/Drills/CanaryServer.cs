using Npgsql;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;

namespace PgMahout.Drills;

/// <summary>One server of the cluster as a client addresses it: directly, without a pool.</summary>
internal sealed class CanaryServer : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    public CanaryServer(MemberSpec member, string password)
    {
        Name = member.Name;
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = member.Host,
            Port = member.Port,
            Username = InstanceSettings.Superuser,
            Password = password,
            Database = "postgres",
            ApplicationName = "pgmahout_drill",
            Pooling = false,
            Timeout = 2,
            CommandTimeout = 0,
            SslMode = SslMode.Prefer,
        };
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        // Npgsql asks a new server for all its types; the built-in ones are enough here, and it would be another wait.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        _source = builder.Build();
    }

    public MemberName Name { get; }

    /// <exception cref="NpgsqlException">And the others of <see cref="CanaryConnection.IsExpected"/>.</exception>
    public async Task<CanaryConnection> OpenAsync(CancellationToken cancellation) =>
        new(Name, await _source.OpenConnectionAsync(cancellation));

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}

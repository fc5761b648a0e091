using Npgsql;
using PgMahout.Core.Proxy;
using PgMahout.Postgres.Instance;

namespace PgMahout.Drills;

/// <summary>How the clients of a drill reach the proxy: as any client would, with patience for a hold.</summary>
internal sealed record CrowdAddress(string Text)
{
    private static readonly TimeSpan BeyondHold = TimeSpan.FromSeconds(5);

    public static CrowdAddress Of(ProxySettings settings, string password) => new(
        new NpgsqlConnectionStringBuilder
        {
            Host = settings.LocalHost,
            Port = settings.WritePort,
            Username = InstanceSettings.Superuser,
            Password = password,
            Database = "postgres",
            ApplicationName = "pgmahout_drill",
            Pooling = false,
            Timeout = (int)(settings.Hold + BeyondHold).TotalSeconds,
            CommandTimeout = 0,
            SslMode = SslMode.Prefer,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString);

    public NpgsqlDataSource Open()
    {
        var builder = new NpgsqlSlimDataSourceBuilder(Text);
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return builder.Build();
    }
}

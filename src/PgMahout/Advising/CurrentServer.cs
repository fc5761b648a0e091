using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using PgMahout.Core.Cluster;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Drills;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Status;

namespace PgMahout.Advising;

/// <summary>What a running member is set to and what it has counted.</summary>
/// <param name="Values">As <c>SHOW</c> prints them.</param>
/// <param name="Evidence">Null when the counters could not be read.</param>
internal sealed record CurrentServer(
    MemberName Member, int Major, ImmutableSortedDictionary<string, string> Values, ServerEvidence? Evidence)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private const string Settings =
        "select name, current_setting(name) from pg_settings where name = any($1) or name = 'server_version_num'";

    /// <summary>The leader's if it answers, else another member's; the reason when nobody answers.</summary>
    public static async Task<(CurrentServer? Server, string Why)> ReadAsync(
        ClusterAccess cluster, CancellationToken cancellation)
    {
        if (!SecretFiles.LoadOrCreate(cluster.Home.SecretsDirectory).TryGet(out var secrets))
            return (null, "the passwords in the home cannot be read");
        var why = "no member answers";
        foreach (var member in cluster.Spec.Members.OrderBy(member => member.Name != cluster.Leader))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Limit);
            try
            {
                return (await ReadAsync(member, secrets.SuperuserPassword, limit.Token), "");
            }
            catch (Exception failure) when (CanaryConnection.IsExpected(failure))
            {
                cancellation.ThrowIfCancellationRequested();
                why = $"{member.Name}: {failure.Message}";
            }
        }
        return (null, why);
    }

    private static async Task<CurrentServer> ReadAsync(
        MemberSpec member, string password, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(ConnectionTextFor(member, password));
        await connection.OpenAsync(cancellation);
        var values = await ReadSettingsAsync(connection, cancellation);
        var major = int.Parse(values["server_version_num"], CultureInfo.InvariantCulture) / 10_000;
        return new CurrentServer(
            member.Name, major, values, await ServerCounters.ReadAsync(connection, major, cancellation));
    }

    private static string ConnectionTextFor(MemberSpec member, string password) => new NpgsqlConnectionStringBuilder
    {
        Host = member.Host,
        Port = member.Port,
        Username = InstanceSettings.Superuser,
        Password = password,
        Database = "postgres",
        ApplicationName = "pgmahout_tune",
        Pooling = false,
        Timeout = 2,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    private static async Task<ImmutableSortedDictionary<string, string>> ReadSettingsAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Settings, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]>
        {
            TypedValue = [.. ServerSettings.All.Select(setting => setting.Name).Distinct()],
        });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation))
            values[reader.GetString(0)] = reader.GetString(1);
        return values.ToImmutable();
    }
}

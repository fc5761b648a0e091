using System.Collections.Immutable;
using Npgsql;

namespace PgMahout.HostTests.Harness;

/// <summary>Hosts with a server on each, to which clients outside connect directly.</summary>
internal interface IHostServers
{
    Lab Lab { get; }

    /// <summary>Nothing is pooled or retried behind it.</summary>
    string ConnectionText(string host);
}

internal static class HostServers
{
    public static async Task<ImmutableHashSet<long>> ColumnAsync(this IHostServers servers, string host, string sql)
    {
        await using var connection = new NpgsqlConnection(servers.ConnectionText(host));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = ImmutableHashSet.CreateBuilder<long>();
        while (await reader.ReadAsync())
            values.Add(reader.GetInt64(0));
        return values.ToImmutable();
    }

    /// <summary>
    /// The machine that the tests run on, by a line of the operator on each host. What was installed is there to stay.
    /// </summary>
    public static Task AdmitAsync(this IHostServers servers, IEnumerable<string> hosts)
    {
        const string Home = "/var/lib/pgmahout";
        var lab = servers.Lab;
        return Task.WhenAll(hosts.Select(host => lab.ShellAsync(host, $"cd {Home}/members/{host}/data && "
            + $"for machine in {lab.Network}.1/32 {lab.Network6}::1/128; do "
            + "echo \"hostssl all all $machine scram-sha-256\" | tee -a pg_hba.local.conf >> pg_hba.conf; done && "
            + "chown postgres: pg_hba.local.conf && kill -HUP $(head -n 1 postmaster.pid) && sync")));
    }
}

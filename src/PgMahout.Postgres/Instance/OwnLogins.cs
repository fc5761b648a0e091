using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Proxy.Login;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// The two roles that the cluster itself logs in with. After a password of theirs was changed by hand, everything goes
/// on until the next connection is made: then standbys receive nothing, and agents take servers for silent. So on a
/// primary they are looked at now and then, through a connection that is there already, and set back.
/// </summary>
internal sealed class OwnLogins(InstanceContext context)
{
    private const string Superuser = InstanceSettings.Superuser;
    private const string Replication = InstanceSettings.ReplicationRole;

    private ImmutableHashSet<Stored> _good = [];

    /// <returns>The roles that were set back; none when nothing was wrong.</returns>
    public Task<Outcome<ImmutableArray<string>>> KeepAsync(TimeSpan limit, CancellationToken cancellation) =>
        context.Commands.RunAsync("keeping the cluster's own logins", KeepAsync, limit, cancellation);

    private async Task<ImmutableArray<string>> KeepAsync(NpgsqlConnection connection, CancellationToken bound)
    {
        var stored = await ReadAsync(connection, bound);
        var wrong = ImmutableArray.CreateBuilder<string>();
        foreach (var (role, password, rights) in new[]
        {
            (Superuser, context.Settings.Secrets.SuperuserPassword, "SUPERUSER"),
            (Replication, context.Settings.Secrets.ReplicationPassword, "REPLICATION"),
        })
        {
            var found = stored.FirstOrDefault(one => one.Role == role);
            if (found is { IsAble: true } && (_good.Contains(found) || StoredPassword.IsOf(found.Password, password)))
            {
                _good = _good.Add(found);
                continue;
            }
            wrong.Add(role);
            await connection.ExecuteAsync(
                $"""
                SET password_encryption = 'scram-sha-256';
                {(found is null ? $"CREATE ROLE {role};" : "")}
                ALTER ROLE {role} LOGIN {rights} CONNECTION LIMIT -1 VALID UNTIL 'infinity'
                    PASSWORD {Statements.Literal(password)}
                """, bound);
        }
        return wrong.ToImmutable();
    }

    private static async Task<ImmutableArray<Stored>> ReadAsync(NpgsqlConnection connection, CancellationToken bound)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT rolname::text,
                   rolcanlogin AND (rolsuper OR (rolreplication AND rolname = '{Replication}'))
                   AND rolconnlimit = -1 AND (rolvaliduntil IS NULL OR rolvaliduntil = 'infinity'),
                   coalesce(rolpassword, '')
              FROM pg_catalog.pg_authid WHERE rolname IN ('{Superuser}', '{Replication}')
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(bound);
        var all = ImmutableArray.CreateBuilder<Stored>();
        while (await reader.ReadAsync(bound))
            all.Add(new Stored(reader.GetString(0), reader.GetBoolean(1), reader.GetString(2)));
        return all.ToImmutable();
    }

    private sealed record Stored(string Role, bool IsAble, string Password);
}

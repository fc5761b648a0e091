using System.Collections.Immutable;
using System.Net;
using Npgsql;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Configuring;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Instance;

namespace PgMahout.Access;

/// <summary>
/// The logins that a change of the rules must leave in: the cluster's own, and those that are connected.
/// </summary>
internal static class KnownLogins
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(4);

    private const string Connected = """
        SELECT DISTINCT a.usename, CASE WHEN a.backend_type = 'walsender' THEN NULL ELSE a.datname END,
               a.client_addr, coalesce(s.ssl, false), r.rolpassword IS NOT NULL
          FROM pg_stat_activity a
          LEFT JOIN pg_stat_ssl s USING (pid)
          LEFT JOIN pg_authid r ON r.oid = a.usesysid
         WHERE a.backend_type IN ('client backend', 'walsender') AND a.usename IS NOT NULL
           AND a.application_name NOT LIKE 'pgmahout%'
        """;

    /// <summary>Of the members to each other, and of the agents and tools on the machine itself.</summary>
    public static IEnumerable<ProtectedLogin> Own(ClusterSpec spec)
    {
        var addresses = spec.Members.Select(member => member.Host).Append("127.0.0.1").Distinct()
            .Select(IpRange.Parse).OfType<IpRange>();
        foreach (var address in addresses)
        {
            yield return new(LoginAttempt.Tcp(null, InstanceSettings.ReplicationRole, address), true, true);
            yield return new(LoginAttempt.Tcp("postgres", InstanceSettings.Superuser, address), true, true);
        }
        yield return new(LoginAttempt.Local("postgres", InstanceSettings.Superuser), true, true);
    }

    /// <summary>Who is connected to a member now; the reason when its server does not say.</summary>
    public static async Task<(ImmutableArray<ProtectedLogin> Logins, string? Silence)> ConnectedAsync(
        MemberServer server, CancellationToken cancellation)
    {
        var logins = ImmutableArray.CreateBuilder<ProtectedLogin>();
        var silence = await server.EachAsync(Connected, row => logins.Add(Login(row)), cancellation);
        return (logins.ToImmutable(), silence);
    }

    /// <summary>Who was connected since the member's agent began, whether still or not.</summary>
    public static async Task<ImmutableArray<ProtectedLogin>> SeenAsync(
        HomeLayout home, MemberSpec member, CancellationToken cancellation)
    {
        using var agent = new AgentClient(home, member);
        return await agent.GetLoginsAsync(AskLimit, cancellation)
            is AgentAnswer<ImmutableArray<LoginReport>>.Said { Value: var logins }
            ? [.. logins.Select(Login)]
            : [];
    }

    private static ProtectedLogin Login(LoginReport seen) => new(
        seen.Address is { } address && IpRange.Parse(address) is { } from
            ? LoginAttempt.Tcp(seen.Database, seen.User, from)
            : LoginAttempt.Local(seen.Database, seen.User),
        IsOwn: false,
        HasPassword: null);

    /// <summary>The roles that a role is a member of; null when nobody says or there is no such role.</summary>
    public static async Task<ImmutableSortedSet<string>?> RolesOfAsync(
        MemberServer server, string user, CancellationToken cancellation)
    {
        var roles = new List<string>();
        var sql = $"""
            SELECT g.rolname FROM pg_roles r JOIN pg_roles g ON pg_has_role(r.oid, g.oid, 'MEMBER')
             WHERE r.rolname = '{user.Replace("'", "''", StringComparison.Ordinal)}'
            """;
        var silence = await server.EachAsync(sql, row => roles.Add(row.GetString(0)), cancellation);
        return silence is null && roles.Count > 0 ? [.. roles] : null;
    }

    private static ProtectedLogin Login(NpgsqlDataReader row)
    {
        var user = row.GetString(0);
        var database = row.IsDBNull(1) ? null : row.GetString(1);
        var attempt = row.IsDBNull(2) || IpRange.Parse(row.GetFieldValue<IPAddress>(2).ToString()) is not { } from
            ? LoginAttempt.Local(database, user)
            : LoginAttempt.Tcp(database, user, from, row.GetBoolean(3));
        return new ProtectedLogin(attempt, IsOwn: false, row.GetBoolean(4));
    }
}

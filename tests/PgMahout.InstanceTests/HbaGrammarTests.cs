using System.Globalization;
using System.Text;
using Npgsql;
using PgMahout.Core.Access;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>The server's own parser is the judge of ours: both read the same lines.</summary>
public sealed class HbaGrammarTests
{
    private const int Generated = 3000;

    private static readonly string[] Written =
    [
        "local all all trust", "local all all peer", "local all all ident", "local all all scram-sha-256",
        "local all all", "local all", "local", "local all all md", "local all all 127.0.0.1/32 trust",
        "lokal all all md5",
        "Local all all trust", "local all all TRUST", "\"local\" all all \"trust\"", "local,host all all trust",
        "local all all trust,md5", "local all all cert", "local all all gss", "local all all sspi", "local all all bsd",
        "local all all oauth", "local all all trust # a comment", "local all all trust#x", "local all all#x",
        "local a,b , c all trust", "local \"a b\",c all trust", "local \"a\"\"b\" all trust", "local all \"all\" trust",
        "local all +g,-h trust", "local sameuser,samerole,samegroup,replication @nowhere reject", "local , , trust",
        "local all all trust map=x", "local all all peer map=x", "local all all peer map", "local all all peer =",
        "local all all peer maps=x", "local all all trust clientcert=verify-ca", "local a\\b all trust",
        "host all all 10.0.0.0/8 md5", "host all all 10.0.0.0/33 md5", "host all all 10.0.0.0/-1 md5",
        "host all all 10.0.0.0/+8 md5", "host all all 10.0.0.0/8x md5", "host all all 10.0.0.0/ md5",
        "host all all 10.0.0.5/24 md5", "host all all 10.0.0.0 255.0.0.0 md5", "host all all 10.0.0.0 255.0.255.0 md5",
        "host all all 10.0.0.0 md5", "host all all 10.0.0.0", "host all all 10.0.0.0 ffff:: md5",
        "host all all 10.0.0.0 8 md5", "host all all 10.0.0.0 a,b md5", "host all all 10.0.0.0/8,11.0.0.0/8 md5",
        "host all all 10.1 255.0.0.0 md5", "host all all 0x0a.0.0.1/32 md5", "host all all 010.0.0.1/32 md5",
        "host all all 10.0.0.256/32 md5", "host all all 10.0.0.256 md5", "host all all 1.2.3.4.5 md5",
        "host all all 4294967295/32 md5", "host all all 4294967296/32 md5", "host all all 10.0.0./8 md5",
        "host all all 09.0.0.1/8 md5", "host all all 10..1/8 md5", "host all all ::/0 md5", "host all all ::1/128 md5",
        "host all all ::1/129 md5", "host all all ::1 ffff:ffff:: md5", "host all all fe80::1:2/10 md5",
        "host all all 1:2:3:4:5:6:7:8/64 md5", "host all all 1:2:3:4:5:6:7/64 md5", "host all all 1::2::3/64 md5",
        "host all all ::ffff:10.0.0.1/128 md5", "host all all ::10.0.0/96 md5", "host all all 12345::/16 md5",
        "host all all 1:2:3:4:5:6:7:8::/64 md5", "host all all ::1:2:3:4:5:6:7/64 md5", "host all all :1/64 md5",
        "host all all db.example.net md5", "host all all .example.net md5", "host all all db.example.net/24 md5",
        "host all all all trust", "host all all \"all\" trust", "host all all samehost trust",
        "host all all samenet trust",
        "host all all all peer", "host all all all ident", "host all all all cert", "hostssl all all all cert",
        "hostssl all all all cert clientcert=verify-ca", "hostssl all all all md5 clientcert=verify-ca",
        "hostssl all all all md5 clientcert=verify-full clientname=DN", "hostssl all all all md5 clientcert=1",
        "hostssl all all all md5 clientname=cn", "host all all all md5 clientcert=verify-full",
        "host all all all md5 clientname=CN", "hostnossl all all all trust", "hostgssenc all all all gss",
        "hostgssenc all all all gss include_realm=0 krb_realm=X map=m", "hostnogssenc all all all reject",
        "hosts all all all trust", "host all all all", "host all 127.0.0.1/32 trust", "host 127.0.0.1/32 trust",
        "host all all all pam pamservice=x pam_use_hostname=1", "host all all all md5 pamservice=x",
        "host all all all ldap", "host all all all ldap ldapserver=x", "host all all all ldap ldapprefix=x",
        "host all all all ldap ldapserver=x ldapbasedn=\"dc=a, dc=b\"",
        "host all all all ldap ldapsuffix=a ldapbasedn=b",
        "host all all all ldap ldapbasedn=b ldapsearchattribute=a ldapsearchfilter=f",
        "host all all all ldap ldapport=x ldapbasedn=b", "host all all all ldap ldapport=389 ldapbasedn=b",
        "host all all all ldap ldapurl=\"ldap://h/dc=x?uid?sub\"", "host all all all ldap ldapurl=http://h/dc=x",
        "host all all all radius", "host all all all radius radiusservers=127.0.0.1",
        "host all all all radius radiusservers=127.0.0.1 radiussecrets=s",
        "host all all all radius radiusservers=\"127.0.0.1,127.0.0.2\" radiussecrets=\"a,b\" radiusports=\"1,2\"",
        "host all all all radius radiusservers=\"127.0.0.1,127.0.0.2\" radiussecrets=\"a,b,c\"",
        "host all all all radius radiusservers=127.0.0.1 radiussecrets=s radiusports=x",
        "host all all all radius radiusservers=127.0.0.1 radiussecrets=\"\"",
        "host all all all trust krb_realm=x", "host all all all trust compat_realm=1", "include x", "include_dir x",
        "host replication repl 172.23.13.0/24 trust", "host replication repmgr 172.23.13.0/24 md",
        "host all all \"\" md5", "\"\" all all trust", "host all all all scram-sha-256 \"\"",
        "host all all all \"trust\"x",
        "host \"all\"x all all trust", "host x\"a,b\"y all all trust", "host all\tall\tall\ttrust",
        "@nowhere all all trust",
    ];

    private static readonly string[] Words =
    [
        "local", "host", "hostssl", "hostnossl", "all", "replication", "sameuser", "postgres", "\"a b\"", "+dba", "x,y",
        "10.0.0.0/8", "10.0.0.1", "255.255.255.0", "::1/128", "samehost", "samenet", ".example.net", "db1", "trust",
        "reject", "md5", "md", "scram-sha-256", "peer", "ident", "cert", "map=m", "clientcert=verify-full", "#", ",",
    ];

    [Fact]
    public async Task Lines_are_taken_and_refused_as_the_server_does()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var lines = Written.Concat(GeneratedLines(new Prng(15))).ToArray();
        await WriteAsync(cluster, string.Join('\n', lines) + "\n");

        var theirs = await ReadAsync(cluster);
        var ours = HbaFile.Parse(
            string.Join('\n', lines), new HbaDialect(cluster.A.Instance.Settings.Binaries.Major)).Entries;

        // The file that this word stands for is not there; whoever reads the file system says so, not the grammar.
        var different =
            from entry in ours
            where !lines[entry.Line - 1].Contains("@nowhere", StringComparison.Ordinal)
            let verdict = theirs.GetValueOrDefault(entry.Line, "(no row)")
            where Ours(entry) != verdict
            select $"{entry.Line}: {lines[entry.Line - 1]}\n  ours    {Ours(entry)}\n  theirs  {verdict}";
        Assert.True(!different.Any(), string.Join('\n', different.Take(20)));
        Assert.Equal(theirs.Keys.Order(), ours.Select(entry => entry.Line).Order());
    }

    [Fact]
    public async Task Continued_lines_and_quotes_are_put_together_as_the_server_does()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        const string Text = """
            local all \
            all \
            trust
            # a comment goes on \
            host all all all md
            host all all \
            10.0.0.0/8 md
            local a\
            b all trust\
            local all "x
            y" trust
            """;
        await WriteAsync(cluster, Text + "\n");

        var theirs = await ReadAsync(cluster);
        var ours = HbaFile.Parse(Text, new HbaDialect(15)).Entries;

        Assert.Equal(
            theirs.OrderBy(row => row.Key), ours.Select(entry => KeyValuePair.Create(entry.Line, Ours(entry))));
    }

    [Fact]
    public async Task Answers_to_logins_are_those_of_the_server()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        await cluster.A.ExecuteAsync("CREATE ROLE grp; CREATE ROLE ann LOGIN IN ROLE grp; CREATE ROLE bob LOGIN");
        await cluster.A.ExecuteAsync("CREATE DATABASE ann");
        var prng = new Prng(7);
        var surroundings = Surroundings.Unknown with { OwnAddresses = [IpAddress.Parse("127.0.0.1")!.Value] };
        var seen = new Dictionary<string, int>();

        for (var round = 0; round < 60; round++)
        {
            var text = "local all postgres scram-sha-256\n" + string.Join('\n', Rules(prng)) + "\n";
            await WriteAsync(cluster, text);
            await cluster.A.ExecuteAsync("SELECT pg_reload_conf()");
            await cluster.A.ExecuteAsync("SELECT pg_sleep(0)");
            var file = HbaFile.Parse(text, new HbaDialect(15));
            Assert.Empty(file.Errors);
            foreach (var (user, roles) in new[] { ("ann", new[] { "grp" }), ("bob", []) })
                foreach (var database in new[] { "postgres", "ann" })
                {
                    var attempt = LoginAttempt.Tcp(database, user, IpRange.Parse("127.0.0.1")!.Value) with
                    {
                        MemberOf = [.. roles],
                    };
                    var expected = Expected(HbaSimulation.Ask(file, attempt, surroundings));
                    var actual = await TryLoginAsync(cluster, user, database, expected);
                    seen[expected] = seen.GetValueOrDefault(expected) + 1;
                    Assert.True(expected == actual, $"{attempt}: {expected} expected, {actual}\n{text}");
                }
        }

        Assert.True(seen.Count == 4 && seen.Values.All(count => count > 5), string.Join(' ', seen));
    }

    private static IEnumerable<string> Rules(Prng prng)
    {
        string[] types = ["host", "hostnossl", "hostssl", "local", "hostnogssenc"];
        string[] databases = ["all", "sameuser", "samerole", "replication", "ann", "\"all\"", "postgres,x"];
        string[] users = ["all", "ann", "+grp", "bob,x", "\"+grp\"", "+bob"];
        string[] addresses = ["all", "127.0.0.0/8", "10.0.0.0/8", "127.0.0.1/32", "samehost", "127.0.0.2/31",
            "0.0.0.1 0.0.0.1"];
        string[] methods = ["trust", "reject", "scram-sha-256"];
        for (var count = 1 + prng.Below(5); count > 0; count--)
        {
            var type = Pick(prng, types);
            var address = type == "local" ? "" : Pick(prng, addresses);
            yield return $"{type} {Pick(prng, databases)} {Pick(prng, users)} {address} {Pick(prng, methods)}";
        }
    }

    private static string Expected(HbaAnswer answer)
    {
        Assert.True(answer.IsCertain);
        return (answer.Rule, answer.Need) switch
        {
            (null, _) => "no entry",
            (_, ClientNeed.Impossible) => "rejected",
            (_, ClientNeed.Nothing) => "in",
            _ => "password",
        };
    }

    /// <summary>A reload takes a moment to reach the postmaster, so that another answer is asked for again.</summary>
    private static async Task<string> TryLoginAsync(TestCluster cluster, string user, string database, string expected)
    {
        var until = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(3);
        string answer;
        do
            answer = await LoginAsync(cluster, user, database);
        while (answer != expected && TimeProvider.System.GetUtcNow() < until);
        return answer;
    }

    private static async Task<string> LoginAsync(TestCluster cluster, string user, string database)
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = cluster.A.Instance.Settings.Port, Username = user, Database = database,
            Pooling = false, SslMode = SslMode.Disable,
        };
        await using var connection = new NpgsqlConnection(text.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return "in";
        }
        catch (PostgresException refusal)
        {
            return refusal.MessageText.StartsWith("no pg_hba.conf entry", StringComparison.Ordinal) ? "no entry"
                : refusal.MessageText.StartsWith("pg_hba.conf rejects", StringComparison.Ordinal) ? "rejected"
                : refusal.MessageText;
        }
        catch (NpgsqlException)
        {
            return "password";
        }
    }

    private static IEnumerable<string> GeneratedLines(Prng prng)
    {
        for (var count = 0; count < Generated; count++)
        {
            var line = new StringBuilder();
            if (prng.Chance(0.5))
                line.AppendJoin(' ', Enumerable.Range(0, 1 + prng.Below(7)).Select(_ => Pick(prng, Words)));
            else
                line.Append(Pick(prng, Written));
            for (var changes = prng.Below(3); changes > 0 && line.Length > 0; changes--)
                line[prng.Below(line.Length)] = Pick(
                    prng, [' ', ',', '"', '#', '/', '.', '1', 'a', ':', '=', '+', '\t']);
            // Looking a RADIUS server's name up takes seconds each time.
            if (!line.ToString().Contains("radius", StringComparison.Ordinal))
                yield return line.ToString();
        }
    }

    private static T Pick<T>(Prng prng, T[] of) => of[prng.Below(of.Length)];

    private static string Ours(HbaEntry entry) => entry switch
    {
        HbaEntry.Ruling { Rule: var rule } => string.Join('|',
            rule.Type.Word(), string.Join(';', rule.Databases.Select(token => token.Text)),
            string.Join(';', rule.Users.Select(token => token.Text)), rule.Method.Word()),
        HbaEntry.Broken => "refused",
        _ => entry.ToString(),
    };

    private static async Task<SortedDictionary<int, string>> ReadAsync(TestCluster cluster)
    {
        // A row without a type is a refused line; some refusals give no error, and hostssl without TLS gives one.
        const string Sql = """
            SELECT string_agg(line_number || E'\t' || CASE
                WHEN type IS NULL THEN 'refused'
                ELSE concat_ws('|', type, array_to_string(database, ';'), array_to_string(user_name, ';'), auth_method)
                END, E'\n') FROM pg_hba_file_rules
            """;
        var text = await cluster.A.QueryAsync<string>(Sql);
        var rows = new SortedDictionary<int, string>();
        foreach (var row in text!.Split('\n'))
            rows[int.Parse(row.Split('\t', 2)[0], CultureInfo.InvariantCulture)] = row.Split('\t', 2)[1];
        return rows;
    }

    private static Task WriteAsync(TestCluster cluster, string text) =>
        File.WriteAllTextAsync(Path.Combine(cluster.A.Instance.Settings.DataDirectory, "pg_hba.conf"), text);
}

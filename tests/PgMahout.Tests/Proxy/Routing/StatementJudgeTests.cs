using System.Diagnostics;
using System.Text;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Proxy.Routing;

public sealed class StatementJudgeTests
{
    private static readonly StatementJudge Plain = new(NameRules.None);

    private static StatementKind Judge(string sql, StatementJudge? judge = null) =>
        (judge ?? Plain).Judge(Encoding.UTF8.GetBytes(sql));

    private static void All(StatementKind expected, params string[] texts) =>
        Assert.Empty(texts.Where(text => Judge(text) != expected).Select(text => $"{Judge(text)}: {text}"));

    [Fact]
    public void Queries_of_which_everything_is_understood_are_reads() => All(
        StatementKind.Read,
        "", " -- nothing\n", ";;", "select 1", "SELECT abalance FROM pgbench_accounts WHERE aid = 1;",
        "select * from t where a = $1 and b = any($2)", "values (1), (2)", "table t", "(select 1) union (select 2)",
        "with a as (select 1), b(x, y) as not materialized (select lower('A'), 2) select x from a, b",
        "with recursive t(n) as (values (1) union all select n+1 from t where n < 9) select sum(n) from t",
        "select count(*) filter (where a) over (partition by (b) order by (c)) from t group by grouping sets ((a), ())",
        "select a from t group by rollup (a)", "select now(), current_timestamp(3), clock_timestamp(), random()",
        "select cast(a as numeric(10,2)), a::varchar(10), a::character varying(3), timestamp(3) '2020-01-01' from t",
        "select pg_catalog.lower(a), \"upper\"(b), COALESCE(a, b), exists (select 1), array(select 1) from s.t",
        "select * from json_to_recordset($1) as t(a int, b text)", "select * from unnest($1, $2) with ordinality",
        "select a from t tablesample bernoulli (10) repeatable (3)", "select '; delete from t', $$; drop table t$$",
        "select $a$ $b$ insert $b$ $a$", "select E'\\'; delete from t --'", "select \"insert\" from \"delete\"",
        "select /* /* insert */ into */ 1 -- update", "select u&'\\0061'", "select b'1', x'1F', n'a', 'a''b'",
        "select relname from pg_class join pg_catalog.pg_namespace n on n.oid = relnamespace",
        "select last_value(a) over (order by b) from t", "explain select 1", "EXPLAIN (ANALYZE, BUFFERS) select 1",
        "explain analyze verbose select a from t", "select 1; select 2", "select f.a from f",
        "select substring(a from 1 for 2), trim(both from b), position('a' in b), extract(year from c) from t",
        "select a, row_number() over w from t window w as (order by a)",
        "select left(a, 1) from t left join u using (a)",
        "select distinct on (a) lower(b) from t", "select t.\"a\", t.update from t", "select a as share, key from t",
        "select 1e5, 1.5, .5, 0x1f, 1_000", "select a -1, a - -1, a*/**/2 from t", "select 'x' -- 'y\r\n, 'z'");

    [Fact]
    public void Everything_that_writes_or_locks_needs_the_primary() => All(
        StatementKind.Write,
        "insert into t values (1)", "update t set a = 1", "delete from t", "merge into t using u on true when matched",
        "select * from t for update", "select * from t for no key update", "select * from t for share",
        "select * from t for key share of t", "SELECT * INTO u FROM t", "create table t (a int)", "drop table t",
        "with a as (insert into t values (1) returning *) select * from a",
        "with a as (select 1) delete from t", "select * from (delete from t returning a) x",
        "copy t from stdin", "copy t to stdout", "call f()", "do $$begin end$$", "vacuum", "truncate t", "notify a",
        "savepoint a", "release a", "rollback to a", "commit prepared 'a'", "rollback prepared 'a'", "lock t",
        "set local a = 1", "set transaction read only", "set constraints all deferred", "explain analyze insert into t",
        "explain delete from t", "explain (analyze) update t set a = 1", "explain", "explain (", "fetch all from c",
        "execute a", "declare c cursor for select 1", "declare c cursor without hold for select 1", "nonsense", "1",
        "'");

    [Fact]
    public void Functions_that_are_not_known_to_read_need_the_primary() => All(
        StatementKind.Write,
        "select nextval('s')", "select setval('s', 1)", "select currval('s')", "select lastval()",
        "select pg_advisory_lock(1)", "select pg_try_advisory_xact_lock (1)", "select txid_current()",
        "select pg_is_in_recovery()", "select pg_backend_pid()", "select set_config('a', 'b', false)",
        "select current_setting('a')", "select setseed(1)", "select mine()", "select public.lower('a')",
        "select \"LOWER\"('a')", "select lower('a'), mine /* c */ -- d\n ('a')", "select a from t order by mine(a)",
        "select \"mine\"(1)", "select pg_catalog.\"nextval\"('s')", "select s . nextval ('s')",
        "select pg_notify('a', 'b')", "select query_to_xml('delete', true, true, '')", "select lo_unlink(1)",
        "select ts_rewrite('a', 'select')", "select pg_sleep(1)", "select filter(1)", "select over(1)", "select by(1)",
        "with a as (select 1) (select 1) order by b, mine(1)", "with a as (select 1) select b, mine(1)",
        "with a as (select 1) (values (1)) union select mine(2)", "select (1), mine(2)", "select u&\"l\\006fwer\"(1)",
        "select \"a\"\"b\"", "select pg_catalog.s.mine(1)", "select dblink('a')", "select rollup(1), sets(1), zone(2)");

    [Fact]
    public void What_is_of_one_server_is_asked_of_the_primary() => All(
        StatementKind.Write,
        "show transaction_read_only", "select * from pg_stat_activity", "select * from PG_CATALOG.pg_locks",
        "select * from \"pg_settings\"", "select pg_stat_replication.pid from pg_stat_replication",
        "select last_value from s", "select s.last_value from s", "select * from pg_temp.t",
        "select * from pg_sequences");

    [Fact]
    public void Texts_whose_ends_are_in_doubt_need_the_primary() => All(
        StatementKind.Write,
        "select 'a\\'; delete from t; --'", "select 'a", "select \"a", "select $$a", "select $a$ $b$", "select /* a",
        "select /* /* */", "select e'\\", "select e'a'\n'b\\' ; delete from t --'", "select (1", "select 1)",
        "select 'open", "select e'", "/*");

    [Fact]
    public void Several_statements_are_a_read_only_when_all_of_them_are()
    {
        All(StatementKind.Read, "select 1; values (2);", "; ; select 1 ; --");
        All(
            StatementKind.Write,
            "select 1; delete from t", "delete from t; select 1", "begin; select 1; commit", "select 1; commit",
            "begin read only; select 1", "select lower('a'); select mine()",
            "create function f() returns int begin atomic select 1; end");
        All(StatementKind.Setting, "select 1; set a = b", "set a = b; delete from t");
        All(StatementKind.Session, "set a = b; create temp table t (a int)", "begin; listen a");
    }

    [Fact]
    public void Words_of_transactions_are_told_apart()
    {
        All(StatementKind.Begin, "begin", "BEGIN WORK;", "start transaction", "begin read write",
            "begin isolation level serializable read only deferrable", "begin read only, read write");
        All(StatementKind.BeginReadOnly, "begin read only",
            "start transaction isolation level repeatable read, read only",
            "BEGIN TRANSACTION READ ONLY;");
        All(StatementKind.Commit, "commit", "end", "/* a */ COMMIT AND CHAIN;", "end transaction");
        All(StatementKind.Rollback, "rollback", "abort", "rollback and no chain");
        All(StatementKind.PrepareTransaction, "prepare transaction 'a'", "PREPARE TRANSACTION E'a'");
    }

    [Fact]
    public void Words_that_change_a_session_are_told_apart()
    {
        All(StatementKind.Setting, "set search_path = a", "set session a = 1", "reset all", "discard all",
            "set role a", "set session authorization a", "SET TIME ZONE 'UTC'");
        All(StatementKind.Session, "listen a", "unlisten *", "load 'a'", "prepare a as select 1",
            "prepare transaction as select 1",
            "deallocate a", "create temp table t (a int)", "create temporary view v as select 1",
            "create or replace temp view v as select 1", "create local temporary table t ()",
            "create table pg_temp.t (a int)", "create table if not exists pg_temp_3.t ()", "select 1 into temp t",
            "with a as (select 1) select * into local temporary t from a", "declare c cursor with hold for select 1",
            "declare c insensitive no scroll cursor with hold for select 1");
    }

    [Theory]
    [InlineData("/*pgmahout:primary*/ select 1", StatementKind.Write)]
    [InlineData("  /* pgmahout:primary */ begin read only", StatementKind.Begin)]
    [InlineData("/*NO LOAD BALANCE*/ select 1", StatementKind.Write)]
    [InlineData("/*no load balance*/select 1", StatementKind.Write)]
    [InlineData("/*pgmahout:standby*/ select mine()", StatementKind.Read)]
    [InlineData("/*PGMAHOUT:STANDBY*/ begin", StatementKind.BeginReadOnly)]
    [InlineData("/*pgmahout:standby*/ create temp table t ()", StatementKind.Session)]
    [InlineData("/*pgmahout:standby*/ commit", StatementKind.Commit)]
    [InlineData("/*pgmahout:nobody*/ select 1", StatementKind.Read)]
    [InlineData("select 1 /*pgmahout:primary*/", StatementKind.Read)]
    [InlineData("/* /*pgmahout:standby*/ */ select mine()", StatementKind.Write)]
    [InlineData("/*pgmahout:standby* /", StatementKind.Write)]
    public void A_hint_at_the_beginning_decides(string sql, StatementKind kind) => Assert.Equal(kind, Judge(sql));

    [Fact]
    public void Names_of_the_operator_are_followed_and_writing_wins()
    {
        var judge = new StatementJudge(new NameRules(
            [NamePattern.Of("get_*")!, NamePattern.Of("app.report*_v*")!, NamePattern.Of("twice")!],
            [NamePattern.Of("audit_*")!, NamePattern.Of("twice")!, NamePattern.Of("lower")!, NamePattern.Of("x.t")!]));

        Assert.Equal(StatementKind.Read, Judge("select GET_user(1), app.report_of_v1(2)", judge));
        Assert.Equal(StatementKind.Read, Judge("select any.get_user(1) from t, y.t", judge));
        Assert.Equal(StatementKind.Write, Judge("select \"GET_user\"(1)", judge));
        Assert.Equal(StatementKind.Write, Judge("select other.report_of_v1(2)", judge));
        Assert.Equal(StatementKind.Write, Judge("select report_of_v1(2)", judge));
        Assert.Equal(StatementKind.Write, Judge("select twice(1)", judge));
        Assert.Equal(StatementKind.Write, Judge("select lower('a')", judge));
        Assert.Equal(StatementKind.Write, Judge("select * from audit_log", judge));
        Assert.Equal(StatementKind.Write, Judge("select * from x.t", judge));
        Assert.Equal(StatementKind.Write, Judge("table \"audit_log\"", judge));
        Assert.Null(NamePattern.Of(""));
        Assert.Null(NamePattern.Of("a.b.c"));
        Assert.Null(NamePattern.Of(".a"));
    }

    [Fact]
    public void What_may_commit_a_block_is_found_and_nothing_that_cannot()
    {
        foreach (var text in new[]
        {
            "commit", " ; /* a */ END;", "prepare transaction 'a'", "rollback; begin", "select 1; commit",
            "insert into t values (';'); commit", "select 'a\\'; commit; --'", "commit prepared 'a'", "/*",
        })
            Assert.True(StatementJudge.MayCommit(Encoding.UTF8.GetBytes(text)), text);
        foreach (var text in new[]
        {
            "", "rollback", "insert into t values (1);", "insert into t values (';') ; -- commit", "select $$;commit$$",
            "prepare a as select 1", "update t set a = 'commit'", "savepoint a;;",
        })
            Assert.False(StatementJudge.MayCommit(Encoding.UTF8.GetBytes(text)), text);
    }

    [Theory]
    [InlineData("UTF8", true)]
    [InlineData("latin1", true)]
    [InlineData("EUC_JP", true)]
    [InlineData("shift-jis", false)]
    [InlineData("SJIS", false)]
    [InlineData("gb18030", false)]
    [InlineData("win-950", false)]
    public void Encodings_that_hide_quotes_are_not_understood(string encoding, bool understood) =>
        Assert.Equal(understood, StatementJudge.Understands(encoding));

    [Fact]
    public void Any_bytes_get_an_answer()
    {
        string[] pieces =
        [
            "select ", "(", ")", "'", "''", "\"", "\\", "/*", "*/", "--", "\n", "$", "$$", "$a$", ";", ",", ".", "e'",
            "u&'",
            "u&\"", "pg_", "pg_temp", "with ", "as ", "into ", "temp ", "for ", "share", "lower", "begin ", "read ",
            "only ",
            "explain ", "create ", "deallocate ", "prepare ", "1", "é", "\0", "declare ", "hold ", "set ", "::", "*",
            "all",
        ];
        var judge = new StatementJudge(new NameRules([NamePattern.Of("*a*b*c")!], [NamePattern.Of("*.x*")!]));
        var prng = new Prng(20261123);
        var name = new byte[Deallocation.LongestName];
        for (var run = 0; run < 200_000; run++)
        {
            var text = new StringBuilder();
            for (var left = prng.Below(14); left > 0; left--)
                text.Append(pieces[prng.Below(pieces.Length)]);
            var bytes = Encoding.UTF8.GetBytes(text.ToString());
            if (bytes.Length > 0 && prng.Chance(0.3))
                bytes[prng.Below(bytes.Length)] = (byte)prng.Below(256);

            Assert.True(Enum.IsDefined(judge.Judge(bytes)));
            _ = StatementJudge.MayCommit(bytes);
            if (Deallocation.TryParse(bytes, out var deallocation))
                Assert.InRange(deallocation.CopyName(name), 0, name.Length);
        }
    }

    [Fact]
    public void Time_grows_with_the_length_of_the_text_and_not_faster()
    {
        string[] pieces = ["/*", "/* ", "$a$b", "$$ $", "e'\\'", "'\\'", "((", "a.", "*/", "\"\"", "a,", "-",
            "select f(", "/**"];
        foreach (var piece in pieces)
        {
            var text = "select " + string.Concat(Enumerable.Repeat(piece, 2_000_000 / piece.Length));
            var bytes = Encoding.UTF8.GetBytes(text);
            var begun = Stopwatch.GetTimestamp();

            Plain.Judge(bytes);
            StatementJudge.MayCommit(bytes);

            // Two megabytes take a tenth of a second, on a busy machine a few; with their square it would be minutes.
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(20), piece);
        }
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        var sql = "select abalance, lower(filler) from pgbench_accounts where aid = $1"u8;
        Plain.Judge(sql);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
            Plain.Judge(sql);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}

using PgMahout.Core.Undo.Returning;
using Xunit;

namespace PgMahout.Tests.Undo.Returning;

public sealed class SqlScriptTests
{
    [Theory]
    [InlineData("SELECT 1; SELECT 2;", "SELECT 1|SELECT 2")]
    [InlineData("-- a; b\nSELECT 1 /* ; /* ; */ ; */ + 1; ", "SELECT 1 /* ; /* ; */ ; */ + 1")]
    [InlineData("\\restrict k;k\nSELECT 1;\n\\unrestrict k\n", "SELECT 1")]
    [InlineData("SELECT 'a;''b;', E'\\';', \"c;\"\"d\" ; SELECT 2", "SELECT 'a;''b;', E'\\';', \"c;\"\"d\"|SELECT 2")]
    [InlineData("SELECT 'a\\'; SELECT 2", "SELECT 'a\\'|SELECT 2")]
    [InlineData("DO $$ BEGIN; END $$; SELECT $a$ ; $$ ; $a$", "DO $$ BEGIN; END $$|SELECT $a$ ; $$ ; $a$")]
    [InlineData("SELECT a$1; SELECT $1;", "SELECT a$1|SELECT $1")]
    [InlineData("CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2); SELECT 3",
        "CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2)|SELECT 3")]
    [InlineData("BEGIN; SELECT 1; END;", "BEGIN|SELECT 1|END")]
    public void Statements_end_where_psql_ends_them(string script, string expected) =>
        Assert.Equal(expected.Split('|'), SqlScript.Statements(script));

    [Fact]
    public void The_body_of_a_routine_keeps_its_statements()
    {
        const string Routine = """
            CREATE FUNCTION f() RETURNS int LANGUAGE sql
            BEGIN ATOMIC
              SELECT CASE WHEN true THEN 1 END;
              SELECT 2;
            END
            """;

        Assert.Equal([Routine, "SELECT 3"], SqlScript.Statements(Routine + ";\nSELECT 3;"));
    }

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("it's", "'it''s'")]
    [InlineData(@"a\b'", @" E'a\\b'''")]
    public void A_literal_reads_the_same_under_every_setting(string text, string literal) =>
        Assert.Equal(literal, SqlName.Literal(text));

    [Fact]
    public void Indexes_are_told_from_what_stands_on_them_and_keep_their_settings()
    {
        var data = PostData.Of(
        [
            "SET default_tablespace = ''", "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT \"a b\" PRIMARY KEY (id)",
            "SET default_tablespace = fast", "CREATE UNIQUE INDEX i ON s.t USING btree (a)",
            "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.t(id)",
        ]);

        Assert.Equal(["SET default_tablespace = ''", "SET default_tablespace = fast"],
            data.Indexes.Select(index => Assert.Single(index.Settings)));
        Assert.EndsWith("REFERENCES s.t(id)", data.Others[^1], StringComparison.Ordinal);
        Assert.Equal(3, data.Others.Length);
    }
}

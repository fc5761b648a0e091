namespace PgMahout.Drills;

/// <summary>The drill's own table, in a schema of its own.</summary>
internal static class CanaryTable
{
    public const string Create =
        "drop schema if exists pgmahout_drill cascade; create schema pgmahout_drill; "
        + "create table pgmahout_drill.canary (run int, sequence bigint, primary key (run, sequence))";

    public const string Drop = "drop schema if exists pgmahout_drill cascade";
    public const string Insert = "insert into pgmahout_drill.canary (run, sequence) values ($1, $2)";
    public const string Select = "select sequence from pgmahout_drill.canary where run = $1";
}

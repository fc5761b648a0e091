using Npgsql;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

internal static class ReturnProblems
{
    public const string UnsettledCode = "undo-unsettled";

    private const string Untouched = "the live database is as it was";

    public static Problem NotThen(string what) => new(
        "undo-not-then", $"{what} is not in the past that was restored", "its catalogs do not have it there",
        Untouched, "look at `undo list` for the right moment");

    public static Problem ExtensionMissing(IEnumerable<string> names) => new(
        "undo-extension-missing", $"what is lost needs the extension {string.Join(", ", names)}",
        "the live database does not have it any more", Untouched, "CREATE EXTENSION it there, and run this again");

    public static Problem NameTaken(IEnumerable<string> names) => new(
        "undo-name-taken", "a name of what was lost belongs to something new",
        $"the live database has {string.Join(", ", names)}", Untouched,
        "give the lost table another name with --as, or rename what is there");

    public static Problem NoRoom(LiveDisk disk, ByteSize size, ByteSize needed) => new(
        UndoProblems.NoRoomCode,
        $"the disk of {string.Join(", ", disk.Members)} has too little room for what comes back",
        $"{size} of rows and indexes take {needed} there with their WAL, and only {disk.Room} may be written before "
            + "the cluster would have to leave that disk",
        Untouched, "make room there and run this again, or write it to a file elsewhere with --to-file");

    public static Problem BadName(string name) => new(
        "undo-bad-name", $"'{name}' is no name for a table", "it takes one part or two, as schema.table", Untouched,
        "give --as another name");

    public static Problem TableGone(string name) => new(
        "undo-table-gone", $"{name} is not there any more", "it was dropped, or swapped for another of its name",
        Untouched, "bring the table back with `undo drop`, or its rows beside with --as");

    public static Problem HasRows(string name) => new(
        "undo-has-rows", $"{name} has rows again", "the lost rows would be mixed with them", Untouched,
        "bring the lost ones beside it with --as, and choose what goes over");

    public static Problem KeyBroken(UnprovenKey lone) => new(
        "undo-key-broken", $"the lost rows of {lone.Table} no longer fit",
        $"{lone.Rows} of them refer to what is gone, by {lone.Constraint}: {string.Join(", ", lone.Examples)}",
        Untouched, "bring them beside the table with --as, or bring back what they refer to first");

    public static Problem NoKey(string table) => new(
        "undo-no-key", $"rows of {table} cannot be told apart", "it has no primary key that was there then too",
        Untouched, "compare the two tables by hand");

    public static Problem DumpFailed(string program, string why) => new(
        "undo-dump-failed", $"{program} could not read the definitions", why, Untouched,
        "it must be of the server's version: the client programs come with the package postgresql-client");

    public static Problem ChecksumDiffers(string table, string then, string now) => new(
        "undo-checksum", $"the rows of {table} did not arrive as they were",
        $"number and checksum were {then} there, and are {now} in the live database", Untouched,
        "nothing of it was kept; this should never happen: please report it");

    public static Problem Locked(TimeSpan limit, string why) => new(
        "undo-lock-timeout",
        $"a table that the lost ones are tied to could not be locked within {limit.TotalSeconds:F0} s",
        why, Untouched, "end the transaction that holds it (pg_stat_activity, pg_locks), and run this again");

    public static Problem Unsettled(string xid) => new(
        UnsettledCode, "nobody knows yet whether everything is back",
        $"the connection broke at the last COMMIT, and the server did not say what became of transaction {xid}",
        "everything is back and in place, or the live database is as it was",
        "when the server answers again, see whether it is there; if not, run this again");

    public static Problem Server(NpgsqlException e) => new(
        "undo-refused-by-server", "PostgreSQL refused a step of bringing things back",
        e is PostgresException said ? Said(said) : e.Message, Untouched,
        "what it says is what to change; run this again after that");

    public static Problem Io(Exception e) => new(
        "undo-io", "bringing things back broke off", e.Message, Untouched, "run this again");

    public static string Said(PostgresException e) =>
        $"{e.MessageText} [{e.SqlState}]";
}

using System.CommandLine;
using System.CommandLine.Parsing;
using PgMahout.CommandLine;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using PgMahout.Undoing;

namespace PgMahout.Verbs;

/// <summary>So that there is less to undo.</summary>
internal static class UndoGuardVerb
{
    private static readonly ByteSize DefaultLimit = ByteSize.Megabytes(1024);

    private static readonly Option<string?> Database = new("--dbname", "-d")
    {
        Description = "Only this database (default: all, and template1 for those made later).",
        HelpName = "DB",
    };

    private static readonly Option<ByteSize?> Above = new("--above")
    {
        Description = "Keep tables from this size on (default 1GB).",
        HelpName = "SIZE",
        CustomParser = ParseSize,
    };

    private static readonly Option<bool> WhoOnly = new("--who-only")
    {
        Description = "Keep nothing: only write into WAL who drops, for undo list.",
    };

    public static Command Build(CommonOptions common)
    {
        var on = new Command("on", "Large tables are dropped only where SET pgmahout.allow_drop = on.")
        {
            Database, Above, WhoOnly,
        };
        RepoVerb.Bind(common, on, (parse, invocation, access) => new GuardCommand(invocation, access).RunAsync(
            new GuardOrder.On(parse.GetValue(WhoOnly) ? null : parse.GetValue(Above) ?? DefaultLimit),
            parse.GetValue(Database)));
        var off = new Command("off", "Take it away.") { Database };
        RepoVerb.Bind(common, off, (parse, invocation, access) =>
            new GuardCommand(invocation, access).RunAsync(new GuardOrder.Off(), parse.GetValue(Database)));
        var status = new Command("status", "Where it is, and what it keeps.") { Database };
        RepoVerb.Bind(common, status, (parse, invocation, access) =>
            new GuardCommand(invocation, access).RunAsync(new GuardOrder.Look(), parse.GetValue(Database)));
        return new Command("guard", "Keep large tables from being dropped by mistake; write who drops.")
        {
            on, off, status,
        };
    }

    private static ByteSize? ParseSize(ArgumentResult result)
    {
        var given = result.Tokens[0].Value;
        if (MemoryText.Kilobytes(given) is { } kilobytes and > 0)
            return ByteSize.Kilobytes(kilobytes);
        result.AddError($"'{given}' is no size: a whole number and a unit, such as 512MB, 4GB, 1TB");
        return null;
    }
}

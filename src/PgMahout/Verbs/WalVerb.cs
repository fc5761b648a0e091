using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Wal;

namespace PgMahout.Verbs;

internal static class WalVerb
{
    private const int DefaultEntries = 20;
    private const int DefaultSegments = 256;

    public static Command Build(CommonOptions common) =>
        new("wal", "What is in the write-ahead log: who wrote how much, what was dropped when, and where a time is.")
        {
            Stats(common), Tail(common), Find(common), WalFileVerbs.Push(common), WalFileVerbs.Get(common),
        };

    private static Command Stats(CommonOptions common)
    {
        var place = new Place();
        var segments = new Option<int?>("--segments")
        {
            Description = $"Only the last N segments (default {DefaultSegments}).",
            HelpName = "N",
        };
        var relations = new Option<int?>("-n")
        {
            Description = $"How many relations to show (default {DefaultEntries}).",
            HelpName = "N",
        };
        var command = new Command("stats", "WAL by resource manager, by relation, and commits over time.")
        {
            segments, relations,
        };
        place.AddTo(command);
        common.Bind(command, (parse, invocation) => new WalCommand(invocation, place.Of(parse), TimeProvider.System)
            .StatsAsync(parse.GetValue(segments) ?? DefaultSegments, parse.GetValue(relations) ?? DefaultEntries));
        return command;
    }

    private static Command Tail(CommonOptions common)
    {
        var place = new Place();
        var count = new Option<int?>("-n")
        {
            Description = $"How many entries (default {DefaultEntries}).",
            HelpName = "N",
        };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is archived from now on." };
        var command = new Command("tail", "The newest commits and events.") { count, follow };
        place.AddTo(command);
        common.Bind(command, (parse, invocation) => new WalCommand(invocation, place.Of(parse), TimeProvider.System)
            .TailAsync(parse.GetValue(count) ?? DefaultEntries, parse.GetValue(follow)));
        return command;
    }

    private static Command Find(CommonOptions common)
    {
        var place = new Place();
        var dropped = new Option<bool>("--dropped") { Description = "Relations and databases that were dropped." };
        var table = new Option<string?>("--table")
        {
            Description = "What was done to one table: dropped, rewritten, many rows changed.",
            HelpName = "NAME",
        };
        var at = new Option<string?>("--at") { Description = "The first commit after a time.", HelpName = "TIME" };
        var xid = new Option<uint?>("--xid") { Description = "Where a transaction ended.", HelpName = "N" };
        var point = new Option<string?>("--restore-point")
        {
            Description = "A named restore point.",
            HelpName = "NAME",
        };
        var command = new Command("find", "Where in WAL something happened, with the address to stop before it.")
        {
            dropped, table, at, xid, point,
        };
        place.AddTo(command);
        common.Bind(command, async (parse, invocation) =>
        {
            var wanted = new WalWanted(
                parse.GetValue(dropped), parse.GetValue(table), parse.GetValue(at), parse.GetValue(xid),
                parse.GetValue(point));
            return wanted.IsNothing
                ? new Failure(ErrorCatalogue.Usage, "it is not said what to find").Try("pgmahout wal find --dropped")
                : await new WalCommand(invocation, place.Of(parse), TimeProvider.System).FindAsync(wanted);
        });
        return command;
    }

    /// <summary>The options that say where to look, of each of the commands.</summary>
    private sealed class Place
    {
        private readonly Option<string?> _directory = new("--from-dir")
        {
            Description = "A directory of plain WAL files, such as a server's pg_wal; without names.",
            HelpName = "DIR",
        };

        private readonly Option<string?> _repository = new("--repository")
        {
            Description = "A directory that is a repository.",
            HelpName = "DIR",
        };

        private readonly Option<string?> _key = new("--key-file")
        {
            Description = "The key of that repository, if it is encrypted.",
            HelpName = "FILE",
        };

        public void AddTo(Command command)
        {
            command.Add(_directory);
            command.Add(_repository);
            command.Add(_key);
        }

        public WalWhere Of(ParseResult parse) =>
            new(parse.GetValue(_directory), parse.GetValue(_repository), parse.GetValue(_key));
    }
}

using System.CommandLine;
using System.CommandLine.Invocation;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Verbs;

// A stop can wait for a checkpoint and a handover; the default of two seconds would cut it off.
var invocation = new InvocationConfiguration
{
    ProcessTerminationTimeout = TimeSpan.FromMinutes(5),
    EnableDefaultExceptionHandler = false,
};

var common = new CommonOptions();
var root = CommandTree.Build(common);

// Values may begin with @ (a time, an LSN); they are never the name of a file with arguments.
var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parse.Action is ParseErrorAction)
{
    var failure = new Failure(ErrorCatalogue.Usage, parse.Errors[0].Message)
        .Asked("pgmahout " + string.Join(' ', args))
        .Try($"{CommandTree.PathOf(parse.CommandResult.Command)} --help");
    common.ScreenFor(parse).Tell(failure);
    return (int)ExitCode.Usage;
}
return await parse.InvokeAsync(invocation);

using System.CommandLine;
using System.CommandLine.Invocation;
using PgMahout.Errors;
using PgMahout.Verbs;

namespace PgMahout.CommandLine;

/// <summary>One command line that a person or a script wrote, from its words to its exit code.</summary>
internal static class CommandLineRun
{
    public static async Task<int> InvokeAsync(string[] arguments)
    {
        var common = new CommonOptions();
        var root = CommandTree.Build(common);

        // Values may begin with @ (a time, an LSN); they are never the name of a file with arguments.
        var parse = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Action is ParseErrorAction)
        {
            var failure = new Failure(ErrorCatalogue.Usage, parse.Errors[0].Message)
                .Asked("pgmahout " + string.Join(' ', arguments))
                .Try($"{CommandTree.PathOf(parse.CommandResult.Command)} --help");
            common.ScreenFor(parse).Tell(failure);
            return (int)ExitCode.Usage;
        }
        return await parse.InvokeAsync(new InvocationConfiguration
        {
            // A stop can wait for a checkpoint and a handover; the default of two seconds would cut it off.
            ProcessTerminationTimeout = TimeSpan.FromMinutes(5),
            EnableDefaultExceptionHandler = false,
        });
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using PgMahout.Agent.Home;
using PgMahout.Errors;
using PgMahout.Hosts;
using PgMahout.Output;

namespace PgMahout.CommandLine;

/// <summary>The options that every verb has, and the frame in which every verb runs.</summary>
public sealed class CommonOptions
{
    public Option<string?> Home { get; } = new("--home")
    {
        Description = "The cluster's directory (default: $PGMAHOUT_HOME, else /var/lib/pgmahout for root, "
            + "else ~/.local/share/pgmahout).",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<OutputFormat?> Output { get; } = new("--output", "-o")
    {
        Description = "human (default at a terminal), plain (default elsewhere) or json.",
        HelpName = "FORMAT",
        Recursive = true,
        CustomParser = ParseFormat,
    };

    public Option<bool> NoColour { get; } =
        new("--no-color") { Description = "No colours; $NO_COLOR does the same.", Recursive = true };

    public Option<bool> Yes { get; } =
        new("--yes", "-y") { Description = "Agree beforehand to what would be asked.", Recursive = true };

    public Option<bool> Verbose { get; } = new("--verbose", "-v") { Description = "Say more.", Recursive = true };

    public void AddTo(Command root)
    {
        root.Add(Home);
        root.Add(Output);
        root.Add(NoColour);
        root.Add(Yes);
        root.Add(Verbose);
    }

    public Screen ScreenFor(ParseResult parse) =>
        Screen.Of(parse.Peek(Output) ?? OwnFormat(parse), parse.Peek(NoColour));

    /// <summary>Makes <paramref name="run"/> the action of <paramref name="command"/>.</summary>
    public void Bind(Command command, Func<ParseResult, Invocation, Task<Ending>> run) =>
        BindAsCaller(command, async (parse, invocation) =>
            HostHome.Enter(invocation.Home) is { } refused ? refused : await run(parse, invocation));

    /// <summary>
    /// Of a verb that is about other hosts, or about more of this one than the home: whoever calls it stays who they
    /// are.
    /// </summary>
    public void BindAsCaller(Command command, Func<ParseResult, Invocation, Task<Ending>> run) =>
        command.SetAction(async (parse, cancellation) =>
        {
            var invocation = new Invocation(
                HomeLayout.Find(parse.GetValue(Home)),
                ScreenFor(parse),
                parse.GetValue(Yes),
                parse.GetValue(Verbose),
                cancellation);
            return (int)await EndAsync(parse, invocation, run);
        });

    private static OutputFormat? ParseFormat(ArgumentResult result)
    {
        var given = result.Tokens[0].Value;
        if (Enum.TryParse<OutputFormat>(given, ignoreCase: true, out var format) && Enum.IsDefined(format))
            return format;
        result.AddError($"'{given}' is not a format of this verb: human, plain or json");
        return null;
    }

    /// <summary>
    /// Of a verb that has formats of its own beside the common ones, and so an option of its own in this one's place.
    /// </summary>
    private OutputFormat? OwnFormat(ParseResult parse)
    {
        var own = parse.CommandResult.Command.Options.FirstOrDefault(option => option.Name == Output.Name);
        return own is not null && parse.CommandResult.GetResult(own) is { Tokens: [var given, ..] }
            && Enum.TryParse<OutputFormat>(given.Value, ignoreCase: true, out var format) ? format : null;
    }

    private static async Task<ExitCode> EndAsync(
        ParseResult parse, Invocation invocation, Func<ParseResult, Invocation, Task<Ending>> run)
    {
        try
        {
            var ending = await run(parse, invocation);
            if (ending is not Ending.Failed { Failure: var failure })
                return ((Ending.Exit)ending).Code;
            invocation.Screen.Tell(failure);
            return failure.Kind.Exit;
        }
        catch (OperationCanceledException) when (invocation.Cancellation.IsCancellationRequested)
        {
            invocation.Screen.Note("cancelled");
            return ExitCode.Cancelled;
        }
        catch (Exception broken) when (Environment.GetEnvironmentVariable("PGMAHOUT_DEBUG") is null)
        {
            invocation.Screen.Tell(new Failure(ErrorCatalogue.Internal, "pgmahout itself failed")
                .Because($"{broken.GetType().Name}: {broken.Message}")
                .Leaving("what was left is not known")
                .Try("PGMAHOUT_DEBUG=1 pgmahout ...    (the same command, with a stack trace)"));
            return ExitCode.Failed;
        }
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using PgMahout.Advising;
using PgMahout.CommandLine;
using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Verbs;

internal static class TuneVerb
{
    private const int MostProcessors = 1024;
    private const int FewestConnections = 10;
    private const int MostConnections = 10_000;
    private const int MostMembers = 16;
    private const int MostRounds = 100;
    private const int LargestScale = 10_000;
    private static readonly TimeSpan ShortestRun = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRun = TimeSpan.FromHours(1);
    private static readonly ByteSize LeastMemory = ByteSize.Megabytes(256);
    private static readonly ByteSize MostMemory = ByteSize.Gigabytes(16 << 10);

    public static Command Build(CommonOptions common)
    {
        var options = new TuneOptions();
        var command = new Command("tune", "Advise settings for this machine, or for the one that is described.");
        foreach (var option in options.All)
            command.Add(option);
        command.Validators.Add(result => Validate(result, options));
        common.Bind(command, (parse, invocation) =>
            new TuneCommand(invocation, options.Request(parse, invocation.Screen.Format)).RunAsync());
        return command;
    }

    private static void Validate(CommandResult result, TuneOptions options)
    {
        if (result.Peek(options.Memory) is { } memory && (memory < LeastMemory || memory > MostMemory))
            result.AddError("--ram lies between 256MB and 16TB");
        if (result.Peek(options.DryRun) && !result.Peek(options.Apply))
            result.AddError("--dry-run goes with --apply; without it nothing is changed");
        if (result.Peek(options.Apply) && options.IsElsewhere(result))
            result.AddError("--apply is for this machine: --ram, --cpus and --storage describe another one");
        if (result.Peek(options.Measure) && (options.IsElsewhere(result) || result.Peek(options.Apply)))
            result.AddError("--measure tries advice for this machine: not with --ram, --cpus, --storage or --apply");
        if (result.Peek(options.Each) is { } each && (each < ShortestRun || each > LongestRun))
            result.AddError("--for lies between 2s and 1h");
        Within(result, options.Rounds, 1, MostRounds);
        Within(result, options.Scale, 1, LargestScale);
        Within(result, options.Processors, 1, MostProcessors);
        Within(result, options.Connections, FewestConnections, MostConnections);
        Within(result, options.Members, 1, MostMembers);
        if (result.Peek(options.Version) is < ServerSettings.Oldest or > ServerSettings.Newest)
            result.AddError(
                $"--version lies between {ServerSettings.Oldest} and {ServerSettings.Newest}: the supported versions");
    }

    private static void Within(CommandResult result, Option<int?> option, int least, int most)
    {
        if (result.Peek(option) is { } given && (given < least || given > most))
            result.AddError($"{option.Name} lies between {least} and {most}");
    }
}

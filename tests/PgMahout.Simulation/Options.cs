using System.Globalization;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation;

/// <summary>The command line.</summary>
/// <param name="FirstSeed">Schedules are the seeds from here on.</param>
/// <param name="Sabotage">Also prove that every broken policy is caught.</param>
/// <param name="Coverage">Print how often each rule was applied.</param>
/// <param name="Trace">Print everything that happens in the first schedule.</param>
/// <param name="Profile">Only schedules of this corner; null for all.</param>
internal sealed record Options(
    int Schedules, ulong FirstSeed, int Parallel, bool Sabotage, bool Coverage, bool Trace, Profile? Profile = null)
{
    public static readonly string Usage =
        "usage: PgMahout.Simulation [--schedules N] [--seed FIRST] [--parallel P] [--sabotage] [--coverage] [--trace] "
        + $"[--profile {string.Join('|', Profile.All.Select(profile => profile.Name))}]";

    public static Options? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options(20_000, 1, Environment.ProcessorCount, false, false, false);
        for (var index = 0; index < arguments.Length; index++)
        {
            var name = arguments[index];
            var flagged = name switch
            {
                "--sabotage" => options with { Sabotage = true },
                "--coverage" => options with { Coverage = true },
                "--trace" => options with { Trace = true },
                _ => null,
            };
            if (flagged is not null)
            {
                options = flagged;
                continue;
            }
            if (++index >= arguments.Length)
                return null;
            if (name == "--profile")
            {
                var wanted = arguments[index];
                if (Profile.All.FirstOrDefault(profile => profile.Name == wanted) is not { } found)
                    return null;
                options = options with { Profile = found };
                continue;
            }
            if (!ulong.TryParse(arguments[index], CultureInfo.InvariantCulture, out var number)
                || With(options, name, number) is not { } valued)
                return null;
            options = valued;
        }
        return options;
    }

    private static Options? With(Options options, string name, ulong number) => name switch
    {
        "--schedules" when number is > 0 and <= int.MaxValue => options with { Schedules = (int)number },
        "--seed" => options with { FirstSeed = number },
        "--parallel" when number is > 0 and <= 1024 => options with { Parallel = (int)number },
        _ => null,
    };
}

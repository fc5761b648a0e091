using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Doctor;

namespace PgMahout.Verbs;

internal static class DoctorVerb
{
    public static Command Build(CommonOptions common)
    {
        var directory = new Option<string?>("--data-directory")
        {
            Description = "A server that pgmahout does not keep; it is only looked at.",
            HelpName = "DIR",
        };
        var log = new Option<string?>("--log")
        {
            Description = "That server's log (default: the newest in its directory log).",
            HelpName = "FILE",
        };
        var command = new Command("doctor", "Check everything; say what is wrong and the command for it.")
        {
            directory, log,
        };
        common.Bind(command, (parse, invocation) => parse.GetValue(directory) is { } plain
            ? new DoctorCommand(invocation).OfDirectoryAsync(plain, parse.GetValue(log))
            : new DoctorCommand(invocation).OfClusterAsync());
        return command;
    }
}

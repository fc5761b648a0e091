using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Stopping;

namespace PgMahout.Verbs;

internal static class DownVerb
{
    public static Command Build(CommonOptions common)
    {
        var destroy = new Option<bool>("--destroy") { Description = "Then delete the home with all its databases." };
        var command = new Command("down", "Stop the cluster: the leader first, cleanly; then everything else.")
        {
            destroy,
        };
        common.Bind(command, (parse, invocation) => new DownCommand(invocation, parse.GetValue(destroy)).RunAsync());
        return command;
    }
}

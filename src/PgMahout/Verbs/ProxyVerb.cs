using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Proxying;

namespace PgMahout.Verbs;

/// <summary>The one address for clients: shown, set, paused.</summary>
internal static class ProxyVerb
{
    public static Command Build(CommonOptions common) => new("proxy", "One address for clients, whoever leads.")
    {
        Show(common),
        Settings(common),
        Told(common, "reload", "Read the files again that the settings name: certificate and key."),
        Told(common, "pause", "Let what runs end and nothing new begin; clients wait."),
        Told(common, "resume", "End a pause."),
        Restart(common),
    };

    private static Command Show(CommonOptions common)
    {
        var command = new Command("show", "What it is doing.");
        common.Bind(command, (_, invocation) => new ProxyCommand(invocation).ShowAsync());
        return command;
    }

    private static Command Settings(CommonOptions common)
    {
        var options = new ProxyOptions();
        var command = new Command("settings", "Show them, or change them: what is not given stays as it is.");
        foreach (var option in options.All)
            command.Add(option);
        common.Bind(command, (parse, invocation) =>
            new ProxySettingsCommand(invocation).RunAsync(settings => options.Change(parse, settings)));
        return command;
    }

    private static Command Told(CommonOptions common, string word, string description)
    {
        var command = new Command(word, description);
        common.Bind(command, (_, invocation) => new ProxyCommand(invocation).TellAsync(word));
        return command;
    }

    private static Command Restart(CommonOptions common)
    {
        var keep = new Option<TimeSpan?>("--keep")
        {
            Description = "End clients that cannot move to the other process after so long (default: never).",
            HelpName = "5m",
            CustomParser = Durations.Parse,
        };
        var now = new Option<bool>("--now") { Description = "End all connections; clients connect again." };
        var command = new Command("restart", "Another process takes the address and the clients over.") { keep, now };
        command.Validators.Add(result =>
        {
            if (result.GetValue(now) && result.GetResult(keep) is not null)
                result.AddError("--keep and --now contradict each other");
        });
        common.Bind(command, (parse, invocation) => parse.GetValue(now)
            ? new ProxyCommand(invocation).RestartNowAsync()
            : new ProxyCommand(invocation).RestartAsync(parse.GetValue(keep)));
        return command;
    }
}

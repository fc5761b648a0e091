using System.CommandLine;
using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Verbs;

internal static class UriVerb
{
    public static Command Build(CommonOptions common)
    {
        var write = new Option<bool>("--write") { Description = "To the primary, whoever it is (default)." };
        var read = new Option<bool>("--read") { Description = "To a standby where there is one." };
        var direct = new Option<bool>("--direct") { Description = "Every member, not the proxy." };
        var command = new Command("uri", "Print the address for clients: psql \"$(pgmahout uri --write)\".")
        {
            write, read, direct,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(write) && result.GetValue(read))
                result.AddError("--write and --read contradict each other");
        });
        common.Bind(command, (parse, invocation) => RunAsync(invocation, parse.GetValue(read), parse.GetValue(direct)));
        return command;
    }

    private static async Task<Ending> RunAsync(Invocation invocation, bool read, bool direct)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        var (spec, home) = (cluster.Spec, cluster.Home);
        var uri = direct
            ? ClientUri.For(spec, home, read)
            : ClientUri.For(HostFile.Read(home)?.Clients, spec, cluster.Records.Proxy?.Value, home, read);
        invocation.Screen.Data(invocation.Screen.IsJson
            ? DocumentJson.Text(
                new UriDocument(DocumentJson.Schema, uri, home.PassFile), DocumentJson.Types.UriDocument)
            : uri);
        return Ending.Ok;
    }
}

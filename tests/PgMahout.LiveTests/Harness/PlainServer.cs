using System.Security.Cryptography;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>A data directory that no pgmahout cares for, as a person would have made it, under /tmp.</summary>
internal sealed class PlainServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly string _root = $"/tmp/pgl-plain-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
    private readonly string _programs;
    private readonly int _port = 29500 + RandomNumberGenerator.GetInt32(400);
    private readonly Dictionary<string, string> _original = [];

    private PlainServer(string programs) => _programs = programs;

    public string Data => Path.Combine(_root, "data");

    public string Log => Path.Combine(_root, "server.log");

    public static async Task<PlainServer> MakeAsync()
    {
        var version = await Program.RunAsync(Program.Path, ["version", "-o", "json"], Limit);
        using var document = System.Text.Json.JsonDocument.Parse(version.Out);
        var server = new PlainServer(document.RootElement.GetProperty("postgresDirectory").GetString()!);
        Directory.CreateDirectory(server._root);
        if (Environment.IsPrivilegedProcess)
            (await Program.RunAsync("chown", ["postgres", server._root], Limit)).Exits(0);
        (await server.AsOwnerAsync("initdb", "-D", server.Data, "-A", "trust", "--no-sync")).Exits(0);
        foreach (var name in (string[])["postgresql.conf", "pg_hba.conf"])
            server._original[name] = await File.ReadAllTextAsync(Path.Combine(server.Data, name));
        server._original["postgresql.conf"] +=
            $"\nport = {server._port}\nunix_socket_directories = '{server._root}'\n";
        return server;
    }

    /// <summary>Adds the lines to one of its files, and has it try to start, which is expected to fail.</summary>
    public async Task BreakAsync(string file, string lines)
    {
        foreach (var (name, content) in _original)
            await File.WriteAllTextAsync(
                Path.Combine(Data, name), name == file ? $"{content}\n{lines}\n" : content);
        File.Delete(Log);
        var started = await AsOwnerAsync(
            "pg_ctl", "start", "-D", Data, "-l", Log, "-w", "-t", "10");
        if (started.Code != 0)
            return;
        await AsOwnerAsync("pg_ctl", "stop", "-D", Data, "-m", "immediate");
        Assert.Fail($"the server started with {lines}");
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            await AsOwnerAsync("pg_ctl", "stop", "-D", Data, "-m", "immediate");
        if (Directory.Exists(_root))
            Directory.Delete(_root, recursive: true);
    }

    private Task<Ran> AsOwnerAsync(string tool, params string[] arguments)
    {
        var program = Path.Combine(_programs, tool);
        return Environment.IsPrivilegedProcess
            ? Program.RunAsync(
                "setpriv",
                ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments],
                Limit)
            : Program.RunAsync(program, arguments, Limit);
    }
}

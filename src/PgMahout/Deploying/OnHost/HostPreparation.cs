using System.Text.Json;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Processes;
using PgMahout.Starting;

namespace PgMahout.Deploying.OnHost;

/// <summary>
/// Makes the home of this host, as the account that everything of it belongs to. Each step can be repeated, and what
/// the home says of itself is written last, so that an interrupted preparation is simply done again.
/// </summary>
internal static class HostPreparation
{
    private static readonly TimeSpan ProxyLimit = TimeSpan.FromSeconds(2);

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Passable = Private
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <returns>0, or 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        try
        {
            var text = await Console.In.ReadToEndAsync();
            var wanted = JsonSerializer.Deserialize(text, HostJson.Default.PreparationDocument)
                ?? throw new JsonException("there is no document");
            return await MakeAsync(home, wanted) is { } complaint ? Say(complaint) : 0;
        }
        catch (Exception broken) when (broken is JsonException or IOException or UnauthorizedAccessException)
        {
            return Say(broken.Message);
        }
    }

    private static async Task<string?> MakeAsync(HomeLayout home, PreparationDocument wanted)
    {
        foreach (var (path, mode) in Directories(home))
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, mode);
        }
        if (wanted.Member is { } member && await MakeMemberAsync(home, member, wanted.Adopts) is { } complaint)
            return complaint;
        foreach (var (name, password) in new[]
        {
            ("superuser", wanted.SuperuserPassword), ("replication", wanted.ReplicationPassword),
        })
            SecretText.Write(Path.Combine(home.SecretsDirectory, name + ".password"), password + "\n");
        foreach (var secret in wanted.Secrets)
            Replace(Path.Combine(home.SecretsDirectory, Path.GetFileName(secret.Name)), secret.Text);
        SecretFiles.WritePassFile(
            home.SecretsDirectory,
            new ClusterSecrets(wanted.SuperuserPassword, wanted.ReplicationPassword),
            wanted.Addresses);
        // Keys before what they belong to: a reader that finds both new or both old has a pair.
        foreach (var file in wanted.Files.OrderBy(file => file.Name.EndsWith(".key", StringComparison.Ordinal) ? 0 : 1))
            Replace(Path.Combine(home.CertificateDirectory, Path.GetFileName(file.Name)), file.Text);
        SecretText.Write(home.HostFile, wanted.HostFile);
        File.SetUnixFileMode(home.HostFile, Readable);
        // PostgreSQL shows the certificate that it last loaded, until that has expired and long after.
        if (wanted.Member is { } served
            && MemberProcesses.FindPostmaster(home, new MemberName(served)) is { } postmaster)
            Signals.Send(postmaster.Pid, Signals.Hangup);
        await Task.WhenAll(home.ProxySockets().Select(ReloadAsync));
        return null;
    }

    /// <summary>What stays as it was keeps its time: it says which processes began before they could read it.</summary>
    private static void Replace(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
            SecretText.Write(path, text);
    }

    /// <summary>A proxy shows the one that it last read, too; one that was killed left its socket.</summary>
    private static async Task ReloadAsync(string socket)
    {
        using var proxy = new ProxyClient(socket);
        await proxy.TellAsync("reload", ProxyLimit, CancellationToken.None);
    }

    private static async Task<string?> MakeMemberAsync(HomeLayout home, string name, bool adopts)
    {
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return failure.What;
        var member = new MemberSpec(new MemberName(name), "", 0, "");
        if (File.Exists(home.TuningFile(member.Name)))
            return null;
        var plan = await HomeCreation.TuneAsync(home, members: 1, host, CancellationToken.None);
        if (adopts)
            plan = plan with { Settings = [] };
        HomeCreation.MakeMember(home, member, host.Account, plan);
        return null;
    }

    private static (string, UnixFileMode)[] Directories(HomeLayout home) =>
    [
        (home.Root, Passable), (home.LogDirectory, Passable), (home.RunDirectory, Passable),
        (home.MembersDirectory, Passable), (home.SecretsDirectory, Private), (home.CertificateDirectory, Private),
        (Path.Combine(home.Root, "etcd"), Private),
    ];

    private static int Say(string complaint)
    {
        Console.Error.WriteLine(complaint);
        return 1;
    }
}

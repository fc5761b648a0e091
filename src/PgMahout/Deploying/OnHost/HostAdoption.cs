using System.Globalization;
using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Adoption;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;

namespace PgMahout.Deploying.OnHost;

/// <summary>
/// Takes a running server into the home of this host, as the account that both belong to: its data stays where it is,
/// and a link in the home says where. The server goes on meanwhile, and loads nothing.
/// </summary>
internal static class HostAdoption
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <returns>0, or 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(HomeLayout home)
    {
        try
        {
            var wanted = JsonSerializer.Deserialize(
                await Console.In.ReadToEndAsync(), HostJson.Default.AdoptionDocument)!;
            return await AdoptAsync(home, wanted) is { } complaint ? Say(complaint) : 0;
        }
        catch (Exception broken) when (broken is JsonException or IOException or UnauthorizedAccessException)
        {
            return Say(broken.Message);
        }
    }

    private static async Task<string?> AdoptAsync(HomeLayout home, AdoptionDocument wanted)
    {
        var member = new MemberName(wanted.Member);
        var account = ServerAccount.Find();
        var secrets = SecretFiles.LoadOrCreate(home.SecretsDirectory);
        if (!account.TryGet(out var user) || !secrets.TryGet(out var passwords))
            return (account.Failure ?? secrets.Failure)!.ToString();
        var place = home.DataPlace(member);
        if (Directory.Exists(place) && home.DataDirectory(member) != wanted.Data)
            return $"{place} is there already, and is not {wanted.Data}";
        Directory.CreateDirectory(home.BeforeAdoption(member));
        var server = new RunningServer(
            wanted.Data, wanted.SocketDirectory, wanted.Port, home.BeforeAdoption(member))
        {
            IsStandby = wanted.IsStandby,
            KeepsPassword = wanted.KeepsPassword,
        };
        using var limit = new CancellationTokenSource(Limit);
        var prepared = await new ServerAdoption(server, passwords, user).PrepareAsync(limit.Token);
        if (!prepared.TryGet(out var reach))
            return prepared.Failure!.ToString();
        if (!Directory.Exists(place))
            Directory.CreateSymbolicLink(place, wanted.Data);
        LinkSocket(home, wanted);
        // Last: from here on the agent knows what it has before it.
        SecretText.Write(
            home.AdoptionFile(member),
            new AdoptionFile(wanted.Data, reach.Addresses, reach.SocketDirectories).ToJson());
        return null;
    }

    /// <summary>
    /// Until its next start the server listens where it did, and is looked for in the home. PostgreSQL replaces
    /// whatever has the name of its socket.
    /// </summary>
    private static void LinkSocket(HomeLayout home, AdoptionDocument wanted)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{wanted.Port}");
        var socket = Path.Combine(wanted.SocketDirectory, name);
        var link = new FileInfo(Path.Combine(home.RunDirectory, name));
        if (wanted.SocketDirectory == home.RunDirectory || link.LinkTarget == socket)
            return;
        link.Delete();
        File.CreateSymbolicLink(link.FullName, socket);
    }

    private static int Say(string complaint)
    {
        Console.Error.WriteLine(complaint);
        return 1;
    }
}

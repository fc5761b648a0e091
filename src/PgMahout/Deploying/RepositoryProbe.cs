using System.Security.Cryptography;
using System.Text.Json;
using PgMahout.Core.Deployment;
using PgMahout.Deploying.OnHost;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>
/// Before a cluster relies on its repository: every host with data gets into it, and each sees what another has put
/// there. What is tried with is removed.
/// </summary>
internal sealed class RepositoryProbe(Blueprint blueprint, FoundingRepository repository, DeployHosts hosts)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    public async Task<Failure?> RunAsync(CancellationToken cancellation)
    {
        var data = blueprint.DataHosts.ToArray();
        var (first, others) = (data[0], data[1..]);
        try
        {
            if (await AskAsync(first, ProbeRole.Begin, first, cancellation) is { } silent)
                return silent;
            var joined = await Task.WhenAll(
                others.Select(host => AskAsync(host, ProbeRole.Join, first, cancellation)));
            if (joined.OfType<Failure>().FirstOrDefault() is { } apart)
                return apart;
            foreach (var host in others)
                if (await AskAsync(first, ProbeRole.End, host, cancellation) is { } unseen)
                    return unseen;
            return null;
        }
        finally
        {
            await AskAsync(first, ProbeRole.Clean, first, CancellationToken.None);
        }
    }

    private async Task<Failure?> AskAsync(
        HostBlueprint host, ProbeRole role, HostBlueprint from, CancellationToken cancellation)
    {
        var document = new ProbeDocument(
            DocumentJson.Schema, repository, role, _token, host.Name, from.Name,
            [.. blueprint.DataHosts.Select(one => one.Name)]);
        var answer = await hosts[host].FeedAsync(
            HostCommands.Repository, JsonSerializer.Serialize(document, HostJson.Default.ProbeDocument), Limit,
            cancellation);
        return answer.IsDone
            ? null
            : new Failure(
                    ErrorCatalogue.RepositoryUnready, $"{host.Name} cannot use the repository {repository.Address}")
                .Because(answer.Complaint)
                .Leaving("no member was started for it; a cluster that runs goes on as it was")
                .Try("the same command, when the reason is gone", "repository: none    (in cluster.yml: no backups)");
    }
}

using PgMahout.CommandLine;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>
/// Another authority for a cluster that runs: every host believes both, then gets a certificate of the new one, then
/// believes that one only. Each of the three is a deployment that must reach every host and end with a healthy cluster;
/// run again, it goes on where it stopped.
/// </summary>
internal sealed class AuthorityRotation(Invocation invocation, DeployRequest request)
{
    private Screen Screen => invocation.Screen;

    /// <param name="one">One step, and no more.</param>
    public async Task<Ending> RunAsync(bool one)
    {
        if (!ClusterFile.Read(request.File, Screen).TryGet(out var blueprint, out var failure))
            return failure;
        var directory = OperatorSecrets.DirectoryOf(request.File, blueprint);
        var begun = WithSecrets(directory, () => Begin(directory, blueprint), "no host was changed");
        if (!begun.TryGet(out var stage, out failure))
            return failure;
        if (request.DryRun)
        {
            Screen.Data(stage == AuthorityStage.Settled
                ? $"a new authority of {blueprint.Cluster} would be made, and brought to {blueprint.Hosts.Length} hosts"
                : $"a change of the authority of {blueprint.Cluster} is under way: {TextOf(stage)}");
            return Ending.Ok;
        }
        while (stage != AuthorityStage.Settled)
        {
            Screen.Note(TextOf(stage));
            var ending = await new DeployCommand(invocation, request with
            {
                NeedsOther = true,
                IsStep = stage != AuthorityStage.OldDropped && !one,
            }).RunAsync();
            if (ending != Ending.Ok)
                return ending;
            var advanced = WithSecrets(
                directory, () => AuthorityChange.Advance(directory),
                "every host has what belongs to this step; the same command goes on");
            if (!advanced.TryGet(out stage, out failure))
                return failure;
            if (one)
                break;
        }
        if (stage != AuthorityStage.Settled)
        {
            Screen.Note($"next: {TextOf(stage)}: the same command");
            return Ending.Ok;
        }
        Screen.Note($"the former authority of {blueprint.Cluster} counts nowhere any more");
        return Ending.Ok;
    }

    private Attempt<AuthorityStage> Begin(string directory, Blueprint blueprint)
    {
        var change = AuthorityChange.Read(directory);
        if (change.Present is null && change.Stage == AuthorityStage.Settled)
            return new Failure(ErrorCatalogue.SecretsUnusable, $"{blueprint.Cluster} has no authority to replace")
                .Because($"{directory} holds none")
                .Try($"pgmahout deploy {request.File}");
        if (change.Stage != AuthorityStage.Settled || request.DryRun)
            return change.Stage;
        AuthorityChange.Begin(directory, blueprint.Cluster, TimeProvider.System.GetUtcNow());
        return AuthorityStage.BothTrusted;
    }

    private static Attempt<AuthorityStage> WithSecrets(
        string directory, Func<Attempt<AuthorityStage>> step, string left)
    {
        try
        {
            return step();
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new Failure(ErrorCatalogue.SecretsUnusable, $"the cluster's secrets in {directory} cannot be used")
                .Because(broken.Message)
                .Leaving(left);
        }
    }

    private static string TextOf(AuthorityStage stage) => stage switch
    {
        AuthorityStage.Settled => "there is one authority",
        AuthorityStage.BothTrusted => "1 of 3: every host believes both authorities",
        AuthorityStage.NewSigns => "2 of 3: every host gets a certificate of the new authority",
        AuthorityStage.OldDropped => "3 of 3: every host believes the new authority only",
    };
}

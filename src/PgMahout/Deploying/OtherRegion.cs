using System.Security.Cryptography;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Files;

namespace PgMahout.Deploying;

/// <summary>The other cluster of a pair, as its own file and its own secrets on this machine have it.</summary>
/// <param name="File">Absolute.</param>
/// <param name="IsFollowed">The file that is deployed follows it; else it is the other way round.</param>
/// <param name="Ours">By what its hosts ask ours.</param>
/// <param name="Theirs">By what our hosts ask its.</param>
internal sealed record OtherRegion(
    string File, Blueprint Blueprint, bool IsFollowed, TwinAccess Ours, TwinAccess Theirs)
{
    /// <summary>In the secrets of the cluster that is followed: the file of the one that follows it.</summary>
    private const string FollowerFile = "follower";

    /// <summary>Of the cluster that is followed: the other one is a copy of it. Null: we are that one.</summary>
    public ClusterSecrets? Passwords { get; init; }

    private string Directory { get; init; } = "";

    private string OwnFile { get; init; } = "";

    /// <summary>Null where the cluster of that file stands alone.</summary>
    public static Attempt<OtherRegion?> Look(string file, Blueprint blueprint, OperatorSecrets secrets, Screen screen)
    {
        try
        {
            return blueprint.Follows is { } followed
                ? Followed(file, ClusterFile.Beside(file, followed), secrets)
                : Follower(Path.GetFullPath(file), secrets, screen);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or CryptographicException
            or InvalidDataException)
        {
            return new Failure(ErrorCatalogue.SecretsUnusable, "the secrets of the other cluster cannot be used")
                .Because(broken.Message)
                .Leaving("no host was changed");
        }
    }

    /// <summary>Everything that was made for the pair is kept, before any host has it.</summary>
    public Failure? Keep()
    {
        if ((Ours.Keep() ?? Theirs.Keep()) is { } failure)
            return failure;
        if (!IsFollowed)
            return null;
        try
        {
            SecretText.Write(Path.Combine(Directory, FollowerFile), OwnFile + "\n");
            return null;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.SecretsUnusable, $"{Directory} cannot be written").Because(broken.Message)
                .Leaving("no host was changed");
        }
    }

    private static Attempt<OtherRegion?> Followed(string file, string other, OperatorSecrets secrets)
    {
        if (!ClusterFile.ReadOther(other).TryGet(out var blueprint, out var failure))
            return failure;
        var directory = OperatorSecrets.DirectoryOf(other, blueprint);
        if (AccessTo(directory) is not { } access || SecretFiles.Find(directory) is not { } passwords)
            return NotReady(other, $"{directory} holds no authority and passwords, so it was not deployed from here")
                .Try($"pgmahout deploy {other}", $"a copy of {directory}, from where it was deployed");
        if (SecretFiles.Find(secrets.Path) is { } own && own != passwords)
            return NotReady(other, $"{secrets.Path} has other passwords: that cluster was made on its own, and only a "
                + "new one can follow");
        return new OtherRegion(other, Plain(blueprint), true, Access(secrets), access)
        {
            Passwords = passwords, Directory = directory, OwnFile = Path.GetFullPath(file),
        };
    }

    /// <summary>Where the file of the one that follows has gone, this one is deployed as if it stood alone.</summary>
    private static Attempt<OtherRegion?> Follower(string file, OperatorSecrets secrets, Screen screen)
    {
        var mark = Path.Combine(secrets.Path, FollowerFile);
        if (!System.IO.File.Exists(mark))
            return new Attempt<OtherRegion?>.Done(null);
        var other = System.IO.File.ReadAllText(mark).Trim();
        var why = "";
        if (!ClusterFile.ReadOther(other).TryGet(out var blueprint, out var failure))
            why = failure.What;
        else if (blueprint.Follows is not { } followed || ClusterFile.Beside(other, followed) != file)
            why = $"it does not follow {file}";
        else if (AccessTo(OperatorSecrets.DirectoryOf(other, blueprint)) is not { } access)
            why = "its secrets are not beside it";
        else
            return new OtherRegion(other, Plain(blueprint), false, Access(secrets), access);
        screen.Note($"note: {other}, whose cluster follows this one, is passed over: {why}");
        return new Attempt<OtherRegion?>.Done(null);
    }

    /// <summary>What became of servers that it once adopted is looked at when it is deployed itself.</summary>
    private static Blueprint Plain(Blueprint blueprint) => blueprint with
    {
        Hosts = [.. blueprint.Hosts.Select(host => host with { Adopt = null })],
    };

    private static TwinAccess Access(OperatorSecrets secrets) =>
        TwinAccess.Of(secrets.Path, secrets.Signer, TimeProvider.System.GetUtcNow());

    private static TwinAccess? AccessTo(string directory)
    {
        var change = AuthorityChange.Read(directory);
        return change.Signer is { } signer
            ? TwinAccess.Of(directory, (signer, change.AlsoTrusted), TimeProvider.System.GetUtcNow())
            : null;
    }

    private static Failure NotReady(string other, string why) =>
        new Failure(ErrorCatalogue.CannotBeFollowed, $"the cluster of {other} cannot be followed").Because(why)
            .Leaving("no host was changed");
}

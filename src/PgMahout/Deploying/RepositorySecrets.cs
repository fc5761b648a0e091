using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Deployment;
using PgMahout.Errors;

namespace PgMahout.Deploying;

/// <summary>
/// What a repository is entered with, as the operator keeps it: the keys of S3 in a file of his, and the key of the
/// encryption in CLUSTER.secrets, where it is made.
/// </summary>
internal sealed class RepositorySecrets
{
    private const string CredentialsName = "repository-credentials";
    private const string KeyName = "repository-key";

    private readonly string _keyFile;
    private readonly bool _isNew;

    private RepositorySecrets(string? credentials, (string File, string? Text, bool IsNew) key)
    {
        Credentials = credentials;
        (_keyFile, Key, _isNew) = key;
    }

    /// <summary>Two lines and no more of what the operator's file holds; null: hosts have their own way in.</summary>
    public string? Credentials { get; }

    /// <summary>Null: not encrypted.</summary>
    public string? Key { get; }

    /// <summary>What was made anew, for people; null: nothing.</summary>
    public string? News => _isNew ? $"the key of the repository: keep a copy of {_keyFile} in another place" : null;

    /// <summary>Nothing is written.</summary>
    /// <param name="file">cluster.yml.</param>
    public static Attempt<RepositorySecrets> Look(string file, Blueprint blueprint)
    {
        var directory = OperatorSecrets.DirectoryOf(file, blueprint);
        var keyFile = Path.Combine(directory, KeyName);
        var repository = blueprint.Repository;
        string? credentials = null;
        if (repository is { IsBucket: true })
        {
            var place = PlaceOf(file, directory, repository);
            if (!ReadCredentials(place, isAsked: repository.Credentials is not null)
                .TryGet(out var read, out var failure))
                return failure;
            credentials = read == "" ? null : read;
        }
        if (repository is not { IsEncrypted: true })
            return new RepositorySecrets(credentials, (keyFile, null, false));
        if (!File.Exists(keyFile))
            return new RepositorySecrets(credentials, (keyFile, EncryptionKey.NewText(), true));
        return EncryptionKey.Load(keyFile).Failure is { } unusable
            ? Wrong(unusable.What).Because(unusable.Why).Try(unusable.Next)
            : new RepositorySecrets(credentials, (keyFile, File.ReadAllText(keyFile).Trim() + "\n", false));
    }

    /// <summary>Before any host has it: whoever loses this key loses every backup.</summary>
    public Failure? Keep()
    {
        if (!_isNew)
            return null;
        try
        {
            SecretText.Write(_keyFile, Key!);
            return null;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return Wrong($"{_keyFile} cannot be written").Because(broken.Message);
        }
    }

    private static string PlaceOf(string file, string directory, RepositoryBlueprint repository)
    {
        if (repository.Credentials is not { } named)
            return Path.Combine(directory, CredentialsName);
        if (named.StartsWith("~/", StringComparison.Ordinal))
            named = Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), named["~/".Length..]);
        return Path.GetFullPath(named, Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    /// <summary>Empty where there is no such file, and none was asked for.</summary>
    private static Attempt<string> ReadCredentials(string place, bool isAsked)
    {
        if (!isAsked && !File.Exists(place))
            return "";
        var read = S3Settings.ReadCredentials(place);
        return read.TryGet(out var keys)
            ? $"[default]\naws_access_key_id = {keys.Id}\naws_secret_access_key = {keys.Secret}\n"
            : Wrong(read.Failure!.Why).Try(read.Failure.Next);
    }

    private static Failure Wrong(string what) =>
        new Failure(ErrorCatalogue.RepositoryUnready, what).Leaving("no host was changed");
}

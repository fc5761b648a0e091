namespace PgMahout.Core.Deployment;

/// <summary>Where WAL and backups go: one value, or a group of keys.</summary>
internal sealed class RepositoryReader(FindingList findings)
{
    private const string Key = "repository";
    private const string Expected = "a directory that every host sees under this path, s3://BUCKET/PREFIX, or none";

    private static readonly string[] OfBucket = ["endpoint", "region", "credentials"];

    public RepositoryBlueprint? Read(MapReader keys)
    {
        if (keys.Node(Key) is DocumentNode.Map map)
            return Group(new MapReader(map, Key, findings, ["address", .. OfBucket, "encrypted"]));
        var text = keys.Text(Key, $"{Expected}; or keys: address, endpoint, region, credentials, encrypted");
        return text is null || BlueprintReader.WordsForNo.Contains(text) ? null : At(text, keys.MarkOf(Key), Key);
    }

    private RepositoryBlueprint? Group(MapReader keys)
    {
        if (keys.Required("address", Expected) is not { } address)
            return null;
        var repository = At(address, keys.MarkOf("address"), "address") with
        {
            Endpoint = Endpoint(keys),
            Region = keys.Text("region", "the name of a region, such as eu-central-1"),
            Credentials = keys.Text(
                "credentials", "a file with lines aws_access_key_id = ... and aws_secret_access_key = ..."),
            IsEncrypted = Encrypted(keys),
        };
        if (!repository.IsBucket)
            foreach (var key in OfBucket.Where(key => keys.Node(key) is not null))
                findings.Error(keys.MarkOf(key), $"'{key}' is for s3://BUCKET/PREFIX; {address} is a directory");
        return repository;
    }

    private RepositoryBlueprint At(string text, TextMark at, string key)
    {
        var repository = new RepositoryBlueprint(text.Length > 1 ? text.TrimEnd('/') : text);
        if (text[0] != '/' && !(repository.IsBucket && text.Length > RepositoryBlueprint.Scheme.Length))
            findings.Error(at, $"'{key}' is '{text}'", Expected);
        else if (text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '\'' or '"'))
            findings.Error(at, $"'{text}' has blanks or quotes in it", Expected);
        return repository;
    }

    private string? Endpoint(MapReader keys)
    {
        const string Url = "a URL such as https://s3.example.com:9000";
        if (keys.Text("endpoint", Url) is not { } text)
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            findings.Error(keys.MarkOf("endpoint"), $"'endpoint' is '{text}'", Url);
        else if (url.UserInfo != "")
            findings.Error(keys.MarkOf("endpoint"), "'endpoint' has a password in it", $"{Url}; credentials: FILE");
        return text;
    }

    private bool Encrypted(MapReader keys)
    {
        if (keys.Text("encrypted", "yes or no") is not { } word)
            return false;
        if (!BlueprintReader.WordsForYes.Contains(word) && !BlueprintReader.WordsForNo.Contains(word))
            findings.Error(keys.MarkOf("encrypted"), $"'encrypted' is '{word}'", "yes or no");
        return BlueprintReader.WordsForYes.Contains(word);
    }
}

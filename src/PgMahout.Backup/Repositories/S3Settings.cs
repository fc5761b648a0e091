using System.Collections.Immutable;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>Where a bucket is, and how to get in.</summary>
/// <param name="Prefix">Of every object's key: empty, or ending in '/'.</param>
/// <param name="Endpoint">Null: AWS itself.</param>
/// <param name="KeyId">Null, with its secret: whatever AWS's own programs would use on this machine.</param>
public sealed record S3Settings(
    string Bucket, string Prefix, Uri? Endpoint, string Region, string? KeyId, string? Secret)
{
    public const string Scheme = "s3://";

    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public string Address => $"{Scheme}{Bucket}/{Prefix}".TrimEnd('/');

    /// <summary>
    /// Of <c>s3://bucket/prefix</c> with the options <c>endpoint</c> (a URL), <c>region</c>, and <c>credentials</c>: a
    /// file with <c>aws_access_key_id = …</c> and <c>aws_secret_access_key = …</c>.
    /// </summary>
    public static Outcome<S3Settings> Parse(string address, ImmutableSortedDictionary<string, string> options)
    {
        var parts = address.StartsWith(Scheme, StringComparison.Ordinal)
            ? address[Scheme.Length..].Trim('/').Split('/', 2)
            : [""];
        if (parts[0].Length == 0 || (parts.Length > 1 && !ObjectName.IsValid(parts[1])))
            return Wrong($"{address} is no address of a bucket", "write s3://bucket or s3://bucket/prefix");
        Uri? endpoint = null;
        if (options.TryGetValue("endpoint", out var url)
            && !(Uri.TryCreate(url, UriKind.Absolute, out endpoint) && endpoint.Scheme is "http" or "https"))
            return Wrong($"{url} is no endpoint", "write a URL such as https://s3.example.com:9000");
        var settings = new S3Settings(
            parts[0], parts.Length > 1 ? parts[1] + "/" : "", endpoint,
            options.GetValueOrDefault("region", "us-east-1"), null, null);
        return options.TryGetValue("credentials", out var file)
            ? WithCredentials(settings, file)
            : new Outcome<S3Settings>.Done(settings);
    }

    /// <summary>Never with the secret.</summary>
    public override string ToString() => Address;

    private static Outcome<S3Settings> WithCredentials(S3Settings settings, string file)
    {
        var read = ReadCredentials(file);
        return read.TryGet(out var keys)
            ? new Outcome<S3Settings>.Done(settings with { KeyId = keys.Id, Secret = keys.Secret })
            : new Outcome<S3Settings>.Failed(read.Failure!);
    }

    /// <summary>The keys in a file; refused where others may read it.</summary>
    public static Outcome<(string Id, string Secret)> ReadCredentials(string file)
    {
        try
        {
            var values = File.ReadLines(file)
                .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries))
                .Where(pair => pair.Length == 2)
                .ToLookup(pair => pair[0], pair => pair[1]);
            if ((File.GetUnixFileMode(file) & Others) != 0)
                return Wrong<(string, string)>($"every user of this machine may read {file}", $"chmod 600 {file}");
            return (values["aws_access_key_id"].FirstOrDefault(), values["aws_secret_access_key"].FirstOrDefault())
                is ({ Length: > 0 } id, { Length: > 0 } secret)
                ? new Outcome<(string, string)>.Done((id, secret))
                : Wrong<(string, string)>(
                    $"{file} holds no credentials",
                    "write lines aws_access_key_id = … and aws_secret_access_key = … into it");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Wrong<(string, string)>(
                $"the credentials cannot be read: {e.Message}", "name a file that this user may read");
        }
    }

    private static Outcome<S3Settings> Wrong(string why, string next) => Wrong<S3Settings>(why, next);

    private static Outcome<T> Wrong<T>(string why, string next) => new Outcome<T>.Failed(new Problem(
        "repository-settings", "the repository cannot be used as it is configured", why, "nothing was changed", next));
}

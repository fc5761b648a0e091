using System.Collections.Immutable;
using System.Net;
using System.Runtime.InteropServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// A repository in a bucket of S3, or of one of the many servers that speak like it. What is put is durable when the
/// call returns.
/// </summary>
public sealed class S3Store : IObjectStore
{
    private const int DeletedAtOnce = 1000;
    private const int SmallRead = 64 << 10;

    private readonly S3Settings _settings;
    private readonly AmazonS3Client _client;
    private readonly S3Calls _calls;
    private readonly S3Creation _creation;
    private volatile bool _deletesSingly;

    /// <param name="limit">For one call; a call of many bytes gets more.</param>
    public S3Store(S3Settings settings, TimeSpan limit, TimeProvider time)
    {
        _settings = settings;
        var config = new AmazonS3Config
        {
            // Names of buckets as names of hosts need a DNS that most servers other than AWS's do not have.
            ForcePathStyle = true,
            AuthenticationRegion = settings.Region,
            // Many servers know none of the checksums that the library would send; objects carry their own.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = 0,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (settings.Endpoint is { } endpoint)
            config.ServiceURL = endpoint.ToString();
        else
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(settings.Region);
        _client = settings is { KeyId: { } id, Secret: { } secret }
            ? new AmazonS3Client(new BasicAWSCredentials(id, secret), config)
            : new AmazonS3Client(config);
        _calls = new S3Calls(Address, limit);
        _creation = new S3Creation(this, limit, time);
    }

    public string Address => _settings.Address;

    public async Task<Outcome> PutAsync(
        string name, ReadOnlyMemory<byte> content, Flushing flushing, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        var put = await _calls.RunAsync(
            name, content.Length, token => _client.PutObjectAsync(Putting(name, content), token), cancellation);
        return put.Failure is { } problem ? new Outcome.Failed(problem) : Outcome.Success;
    }

    public Task<Outcome<bool>> CreateAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        return _creation.CreateAsync(name, content, cancellation);
    }

    public Task<Outcome> FlushAsync(CancellationToken cancellation) => Task.FromResult(Outcome.Success);

    public Task<Outcome<int>> ReadAsync(
        string name, long offset, Memory<byte> into, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        return _calls.RunAsync(name, into.Length, token => FillAsync(name, offset, into, token), cancellation);
    }

    public Task<Outcome<long?>> LengthAsync(string name, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        return _calls.RunAsync<long?>(name, 0, async token =>
        {
            try
            {
                return (await _client.GetObjectMetadataAsync(_settings.Bucket, Key(name), token)).ContentLength;
            }
            catch (AmazonS3Exception e) when (
                e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
            {
                return null;
            }
        }, cancellation);
    }

    public async Task<Outcome<ImmutableArray<ObjectEntry>>> ListAsync(
        string prefix, CancellationToken cancellation)
    {
        var found = new List<ObjectEntry>();
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request
            {
                BucketName = _settings.Bucket,
                Prefix = Key(prefix),
                ContinuationToken = next,
            };
            var listed = await _calls.RunAsync(
                prefix, 0, token => _client.ListObjectsV2Async(request, token), cancellation);
            if (!listed.TryGet(out var page))
                return new Outcome<ImmutableArray<ObjectEntry>>.Failed(listed.Failure!);
            found.AddRange((page.S3Objects ?? []).Select(Entry).Where(entry => ObjectName.IsValid(entry.Name)));
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
        found.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return new Outcome<ImmutableArray<ObjectEntry>>.Done([.. found]);
    }

    public async Task<Outcome> DeleteAsync(ImmutableArray<string> names, CancellationToken cancellation)
    {
        foreach (var name in names)
            ObjectName.Require(name);
        foreach (var some in names.Chunk(DeletedAtOnce))
        {
            var failure = _deletesSingly ? null : await DeleteTogetherAsync(some, cancellation);
            // Some servers want a checksum for this call that others do not know.
            if (failure?.Code == StoreProblems.UnreachableCode)
                _deletesSingly = true;
            if (_deletesSingly)
                failure = await DeleteSinglyAsync(some, cancellation);
            if (failure is not null)
                return new Outcome.Failed(failure);
        }
        return Outcome.Success;
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>True when the server made it because it was not there.</summary>
    internal Task<Outcome<bool>> PutIfNoneAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        _calls.RunAsync(name, content.Length, async token =>
        {
            var request = Putting(name, content);
            request.IfNoneMatch = "*";
            try
            {
                await _client.PutObjectAsync(request, token);
                return true;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
        }, cancellation);

    private string Key(string name) => _settings.Prefix + name;

    private ObjectEntry Entry(S3Object item) => new(
        item.Key[_settings.Prefix.Length..], item.Size ?? 0,
        new DateTimeOffset((item.LastModified ?? DateTime.UnixEpoch).ToUniversalTime()));

    private PutObjectRequest Putting(string name, ReadOnlyMemory<byte> content)
    {
        var bytes = MemoryMarshal.TryGetArray(content, out var array)
            ? array
            : new ArraySegment<byte>(content.ToArray());
        return new PutObjectRequest
        {
            BucketName = _settings.Bucket,
            Key = Key(name),
            InputStream = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false),
            UseChunkEncoding = false,
            // TLS protects the content on its way, and it is hashed already.
            DisablePayloadSigning = _settings.Endpoint is null || _settings.Endpoint.Scheme == "https",
        };
    }

    private async Task<int> FillAsync(string name, long offset, Memory<byte> into, CancellationToken cancellation)
    {
        var request = new GetObjectRequest
        {
            BucketName = _settings.Bucket,
            Key = Key(name),
        };
        // A range of an empty object does not exist, and not every server says so politely.
        if (offset > 0 || into.Length > SmallRead)
            request.ByteRange = new ByteRange(offset, offset + Math.Max(into.Length, 1) - 1);
        try
        {
            using var response = await _client.GetObjectAsync(request, cancellation);
            var wanted = (int)Math.Min(response.ContentLength, into.Length);
            await using var stream = response.ResponseStream;
            // Fewer bytes than were announced: an exception, and another attempt.
            await stream.ReadExactlyAsync(into[..wanted], cancellation);
            return wanted;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return 0;
        }
    }

    private async Task<Problem?> DeleteTogetherAsync(string[] names, CancellationToken cancellation)
    {
        var request = new DeleteObjectsRequest
        {
            BucketName = _settings.Bucket,
            Objects = [.. names.Select(name => new KeyVersion { Key = Key(name) })],
            Quiet = true,
        };
        return (await _calls.RunAsync(
            names[0], 0, token => _client.DeleteObjectsAsync(request, token), cancellation)).Failure;
    }

    private async Task<Problem?> DeleteSinglyAsync(string[] names, CancellationToken cancellation)
    {
        Problem? first = null;
        var options = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation };
        await Parallel.ForEachAsync(names, options, async (name, token) =>
        {
            var deleted = await _calls.RunAsync(
                name, 0, bound => _client.DeleteObjectAsync(_settings.Bucket, Key(name), bound), token);
            if (deleted.Failure is { } problem && problem.Code != IObjectStore.Missing)
                Interlocked.CompareExchange(ref first, problem, null);
        });
        return first;
    }
}

using System.Net;
using Amazon.Runtime;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// Calls to a bucket: bounded in time, tried again where that may help, and told as values when they fail.
/// </summary>
internal sealed class S3Calls(string address, TimeSpan limit)
{
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2)];

    /// <param name="bytes">To be moved: each MB gets another second.</param>
    public async Task<Outcome<T>> RunAsync<T>(
        string name, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var allowed = limit + TimeSpan.FromSeconds(bytes >> 20);
        for (var attempt = 0; ; attempt++)
        {
            var (outcome, passing) = await TryAsync(name, allowed, call, cancellation);
            if (outcome is Outcome<T>.Done || !passing || attempt == Pauses.Length)
                return outcome;
            await Task.Delay(Pauses[attempt], cancellation);
        }
    }

    private async Task<(Outcome<T> Outcome, bool Passing)> TryAsync<T>(
        string name, TimeSpan allowed, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(allowed);
        try
        {
            return (new Outcome<T>.Done(await call(bound.Token)), false);
        }
        catch (OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return (new Outcome<T>.Failed(StoreProblems.TooSlow(address, allowed)), true);
        }
        catch (AmazonServiceException e)
        {
            return (new Outcome<T>.Failed(Explain(name, e)), IsPassing(e));
        }
        catch (Exception e) when (e is AmazonClientException or HttpRequestException or IOException)
        {
            return (new Outcome<T>.Failed(StoreProblems.Unreachable(address, e.Message)), true);
        }
    }

    /// <summary>No answer at all, or one that says "later".</summary>
    private static bool IsPassing(AmazonServiceException e) =>
        e.StatusCode is 0 or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            or HttpStatusCode.Conflict or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private Problem Explain(string name, AmazonServiceException e) => e switch
    {
        { ErrorCode: "NoSuchBucket" } => StoreProblems.Vanished(address, "there is no such bucket"),
        { StatusCode: HttpStatusCode.NotFound } => StoreProblems.Missing(address, name),
        { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } =>
            StoreProblems.Denied(address, $"{e.ErrorCode}: {e.Message}"),
        { StatusCode: HttpStatusCode.InsufficientStorage } or { ErrorCode: "QuotaExceeded" } =>
            StoreProblems.Full(address, e.Message),
        _ => StoreProblems.Unreachable(address, $"{(int)e.StatusCode} {e.ErrorCode}: {e.Message}"),
    };
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;

namespace PgMahout.Store.Etcd;

/// <summary>A member of etcd as etcd itself knows it.</summary>
/// <param name="Name">Empty until it has been started for the first time.</param>
/// <param name="PeerUrl">Where the other members reach it.</param>
/// <param name="IsLearner">It receives everything and does not vote yet.</param>
public sealed record EtcdVoter(ulong Id, string Name, string PeerUrl, bool IsLearner);

/// <summary>What became of a question or an order.</summary>
public abstract record EtcdVoterAnswer
{
    private EtcdVoterAnswer() { }

    /// <summary>All members, as they are after it.</summary>
    public sealed record Known(ImmutableArray<EtcdVoter> Voters) : EtcdVoterAnswer;

    /// <param name="Why">Continues a sentence that begins with "etcd".</param>
    /// <param name="IsEarly">The same will do in a few seconds, if etcd is well.</param>
    public sealed record Failed(string Why, bool IsEarly) : EtcdVoterAnswer;
}

/// <summary>
/// Who belongs to an etcd, and its changes. etcd itself refuses a change after which it would have no majority.
/// </summary>
public sealed class EtcdVoters(EtcdSettings settings) : IDisposable
{
    private readonly EtcdEndpoints _etcd = new(settings);

    public Task<EtcdVoterAnswer> ListAsync(TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(
            _etcd.ReadAsync(
                Call("list", new MemberListRequest(), EtcdJson.Default.MemberListRequest), limit, cancellation));

    /// <summary>Without a vote, so that a member that does not come, or comes slowly, weakens nobody.</summary>
    public Task<EtcdVoterAnswer> AddLearnerAsync(string peerUrl, TimeSpan limit, CancellationToken cancellation) =>
        ChangeAsync("add", new MemberAddRequest([peerUrl]) { IsLearner = true },
            EtcdJson.Default.MemberAddRequest, limit, cancellation);

    /// <summary>Refused until it has nearly everything.</summary>
    public Task<EtcdVoterAnswer> PromoteAsync(ulong id, TimeSpan limit, CancellationToken cancellation) =>
        ChangeAsync("promote", ById(id), EtcdJson.Default.MemberIdRequest, limit, cancellation);

    /// <summary>For good: with what it has on its disk it will never be let in again.</summary>
    public Task<EtcdVoterAnswer> RemoveAsync(ulong id, TimeSpan limit, CancellationToken cancellation) =>
        ChangeAsync("remove", ById(id), EtcdJson.Default.MemberIdRequest, limit, cancellation);

    public void Dispose() => _etcd.Dispose();

    private static MemberIdRequest ById(ulong id) => new(id.ToString(CultureInfo.InvariantCulture));

    private Task<EtcdVoterAnswer> ChangeAsync<T>(
        string what, T request, JsonTypeInfo<T> encoding, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(_etcd.WriteAsync(Call(what, request, encoding), limit, cancellation));

    private static EtcdCall<MemberListReply> Call<T>(string what, T request, JsonTypeInfo<T> encoding) =>
        EtcdCall<MemberListReply>.Of(
            "/v3/cluster/member/" + what, request, encoding, EtcdJson.Default.MemberListReply);

    private static async Task<EtcdVoterAnswer> AskAsync(Task<EtcdReply<MemberListReply>> asked) =>
        await asked.ConfigureAwait(false) switch
        {
            EtcdReply<MemberListReply>.Answered { Value: var list } => new EtcdVoterAnswer.Known(
                [
                    .. list.Members.Select(member => new EtcdVoter(
                        member.Id, member.Name, member.PeerUrls.FirstOrDefault(""), member.IsLearner)),
                ]),
            EtcdReply<MemberListReply>.Failed { Why: var why } =>
                new EtcdVoterAnswer.Failed(why, why.Contains(EtcdWords.TooEarly, StringComparison.Ordinal)),
            var other => throw new InvalidOperationException($"unknown reply {other}"),
        };
}

using System.Collections.Immutable;
using System.Text.Json;

namespace PgMahout.LiveTests.Harness;

/// <summary>The part of <c>status -o json</c> that the tests read.</summary>
internal sealed record Status(
    string State, string? Leader, long? Epoch, uint? Timeline, int? SupervisorPid, ImmutableArray<Member> Members)
{
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    public VirtualIp? VirtualIp { get; init; }

    public ImmutableArray<Notice> Notices { get; init; } = [];

    public bool IsHealthy => State == "healthy";

    public Member Primary => Named(Leader!);

    public IEnumerable<Member> Standbys => Members.Where(member => member.Name != Leader);

    public Member Named(string name) => Members.Single(member => member.Name == name);

    public static Status Parse(string json) => JsonSerializer.Deserialize<Status>(json, CamelCase)!;
}

internal sealed record VirtualIp(string Address, ImmutableArray<string> Holders, bool WithLeader, string? Owner);

internal sealed record Notice(string Code, string Text);

internal sealed record Member(
    string Name,
    string Role,
    string State,
    string Host,
    int Port,
    int? Pid,
    int? AgentPid,
    int? GuardPid,
    string DataDirectory,
    uint? Timeline)
{
    /// <summary>From whom a standby receives.</summary>
    public string? Upstream { get; init; }

    public IReadOnlyList<int> ServerPids => Processes.In(DataDirectory);

    /// <summary>All that a frozen or dead host takes with it.</summary>
    public IReadOnlyList<int> AllPids =>
        [.. new[] { GuardPid, AgentPid }.OfType<int>().Concat(ServerPids).Distinct()];
}

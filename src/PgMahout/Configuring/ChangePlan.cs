using System.Collections.Immutable;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;

namespace PgMahout.Configuring;

/// <summary>What a change would do, worked out on the servers as they are.</summary>
/// <param name="Drift">Values of ALTER SYSTEM, which no file of the cluster can change.</param>
/// <param name="Sessions">Clients connected to each member; missing where that is not known.</param>
internal sealed record ChangePlan(
    ImmutableArray<SettingChange> Changes,
    ImmutableArray<AccessChange> Access,
    ImmutableArray<RolloutStep> Steps,
    ImmutableArray<Drift> Drift,
    ImmutableSortedDictionary<MemberName, long> Sessions)
{
    public bool IsEmpty => Changes.IsEmpty && Access.IsEmpty;

    public IEnumerable<MemberName> Restarted => Changes
        .Where(change => change.Context == ParameterContext.Restart).Select(change => change.Member).Distinct();

    /// <summary>From what a configuration has to what another one has, on every member.</summary>
    public static async Task<Attempt<ChangePlan>> MakeAsync(
        ConfigurationAccess access, DesiredConfiguration wanted, CancellationToken cancellation)
    {
        var given = access.State.Current.Desired;
        var changes = ImmutableArray.CreateBuilder<SettingChange>();
        var drift = ImmutableArray.CreateBuilder<Drift>();
        var sessions = ImmutableSortedDictionary.CreateBuilder<MemberName, long>();
        foreach (var server in access.Servers)
        {
            var name = server.Member.Name;
            if (!(await access.ReadAsync(server, cancellation)).TryGet(out var settings, out var failure))
                return failure;
            changes.AddRange(SettingChange.Between(name, settings, wanted.For(name), given.For(name)));
            drift.AddRange(Configuring.Drift.In(name, settings));
            if (await server.CountSessionsAsync(cancellation) is { } count)
                sessions[name] = count;
        }
        var lines = AccessChange.Between(given.AccessRules, wanted.AccessRules);
        var all = changes.ToImmutable();
        return new ChangePlan(
            all, lines, Foresee(access, all, lines), drift.ToImmutable(), sessions.ToImmutable());
    }

    private static ImmutableArray<RolloutStep> Foresee(
        ConfigurationAccess access, ImmutableArray<SettingChange> changes, ImmutableArray<AccessChange> lines)
    {
        if (changes.IsEmpty && lines.IsEmpty)
            return [];
        var members = access.Spec.Members.Select(
            member => new RolloutMember(member.Name, IsWell: true, HasIt: false, [], member.Promotable));
        return RolloutPolicy.Foresee(
            new RolloutView(access.Cluster.Leader, [.. members]), new RolloutForecast(changes));
    }
}

/// <summary>A line of pg_hba.conf that comes or goes.</summary>
internal sealed record AccessChange(bool IsAdded, string Line)
{
    public static ImmutableArray<AccessChange> Between(ImmutableArray<string> old, ImmutableArray<string> next)
    {
        if (old.SequenceEqual(next))
            return [];
        ImmutableArray<AccessChange> changes =
        [
            .. old.Except(next).Select(line => new AccessChange(false, line)),
            .. next.Except(old).Select(line => new AccessChange(true, line)),
        ];
        // The same lines in another order can let others in.
        return changes.IsEmpty ? [.. next.Select(line => new AccessChange(true, line))] : changes;
    }
}

/// <summary>A value that somebody set by ALTER SYSTEM on one member.</summary>
internal sealed record Drift(MemberName Member, string Name, string Value)
{
    public static IEnumerable<Drift> In(
        MemberName member, ImmutableSortedDictionary<string, ObservedSetting> settings) =>
        settings.Values
            .Where(setting => setting.BySystem is not null)
            .Select(setting => new Drift(member, setting.Parameter.Name, setting.BySystem!));
}
